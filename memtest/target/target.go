// Package target is what the implementer of a target, or of a language runtime, needs.
//
// A [Target] starts what is put under load and returns an [Instance] of it: where the
// load goes, how its memory is read, and its [Runtime], if it has one that can be asked.
// What a runtime can do it says by the interfaces that it implements: [Collector],
// [HeapProfiler], [TaskProfiler] and [HeapWalker]. memtest's own targets have nothing
// that another's cannot have.
//
// The package starts nothing and reads nothing: containers, child processes and Go's
// runtime are implemented elsewhere, by these types.
package target

import (
	"context"
	"fmt"
	"strings"

	"github.com/memgate/memgate/profile"
)

// A Target is what is put under load.
//
// Start returns when the target is ready to be loaded. If it fails it leaves nothing
// behind; if the target ended by itself meanwhile, its error wraps [Exit]. A run calls
// it once; a comparison calls it for each of its runs, one after the other.
type Target interface {
	Start(ctx context.Context) (*Instance, error)
}

// Limited is a Target whose memory limit and environment can be set again, as a search for
// the smallest limit that is enough does. Both methods return another target, which has
// not been started, and leave the one that they are called on as it is.
type Limited interface {
	Target
	WithMemoryLimit(bytes uint64) Limited  // hard limit; 0: none
	WithEnv(env map[string]string) Limited // variables set besides those that it has, or in their place
}

// Instance is a target that runs. The run calls its functions from several goroutines, but
// each of them from one at a time. Its Runtime says more of that.
type Instance struct {
	URL     string          // where the load goes: scheme, host and port, no trailing slash
	Memory  profile.Sampler // reads the target's memory; required. It may be a [PeakResetter]
	Runtime Runtime         // its language runtime; nil if it has none that can be asked
	Env     Env             // what is known of the target and its engine
	Source  Source          // what Memory reads
	Vars    []string        // its environment, "NAME=value": what reports must not show, wherever the target prints it

	// Processes looks at the target's processes, thoroughly (PSS, USS) if it is asked
	// to; nil where they cannot be seen. At and Requests are filled in by the caller.
	Processes func(thoroughly bool) (profile.Processes, error)

	// Mappings is what the largest of them is made of, read near the memory limit. Nil
	// where they cannot be seen.
	Mappings func(ctx context.Context) (profile.Mappings, error)

	Warnings []string // what a reader of the record must know: limits that could not be applied

	Exited <-chan Exit                     // receives once if the target ends by itself, and once for each life if it is Revived; nil if that cannot be seen
	Stop   func(ctx context.Context) error // removes the target and all that came with it, its Runtime's too; called once
}

// Env is what is known of a target and its engine. It has no value of an environment variable.
type Env struct {
	Target   string   // what runs: an image reference, a Go package
	Image    string   // image ID
	Limit    uint64   // hard memory limit in bytes, as configured; 0 if none. Samples have the kernel's
	CPUs     float64  // CPU quota in cores; 0 if none
	EnvNames []string // names of the environment variables given to the target
	Engine   string   // "docker 28.2.2"
	Kernel   string   // of the engine; "" is this machine's
	Cgroup   string   // "v1", "v2"; "" where there is none
}

// Source is where a target's memory is read.
type Source struct {
	Kind string // "cgroup v1 files", "cgroup v2 files", "exec in the container", "docker stats", "/proc"
	Why  string // if it is not the best one: why not
}

// PeakResetter is a [profile.Sampler] that can make [profile.Memory]'s PeakUsage count from
// now, as a run asks for at the start of each phase. The error wraps
// [errors.ErrUnsupported] where the kernel cannot; the run then goes by its samples.
type PeakResetter interface {
	ResetPeak() error
}

// Exit is how a target ended by itself. As an error it is why a target was never ready.
type Exit struct {
	Code      int    // exit code; 137 is SIGKILL, from whomever; -1 if it cannot be known
	OOMKilled bool   // the kernel OOM-killed it: Witness says so
	Witness   string // who says so: "inspect", "oom event", "oom_kill 0 → 1"; else what else is known
	Logs      string // its last log lines
	Revived   bool   // its restart policy starts it again: the run goes on to sample it, and nothing judges it
}

// Killed is the exit code of what SIGKILL ended.
const Killed = 137

// Error returns one sentence: "exited with code 2".
func (e Exit) Error() string {
	said := e.Verb()
	if known := e.Known(); len(known) > 0 {
		said += " (" + strings.Join(known, "; ") + ")"
	}
	return said
}

// Verb returns how it ended: "was OOM-killed", "exited with code 2".
func (e Exit) Verb() string {
	switch {
	case e.OOMKilled:
		return "was OOM-killed"
	case e.Code == Killed:
		return "was killed"
	case e.Code < 0:
		return "is gone"
	default:
		return fmt.Sprintf("exited with code %d", e.Code)
	}
}

// Known returns what else is known of the end: the signal, who witnessed it.
func (e Exit) Known() []string {
	switch signal, signalled := signals[e.Code]; {
	case e.OOMKilled:
		return []string{fmt.Sprintf("exit code %d", e.Code), "witness: " + e.Witness}
	case e.Code == Killed:
		return []string{"exit code 137, SIGKILL", "no witness of an OOM kill"}
	case signalled:
		return []string{signal}
	case e.Witness != "":
		return []string{e.Witness}
	}
	return nil
}

// signals are those that end programs, by the exit code that they give: 128 and their
// number, which is the same on all of Linux's architectures that Docker runs on.
var signals = map[int]string{
	129: "SIGHUP", 130: "SIGINT", 131: "SIGQUIT", 132: "SIGILL", 134: "SIGABRT", 135: "SIGBUS", 136: "SIGFPE", Killed: "SIGKILL",
	139: "SIGSEGV", 141: "SIGPIPE", 143: "SIGTERM",
}
