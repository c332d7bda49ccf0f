package memtest

import (
	"context"
	"fmt"
	"strings"

	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
)

// A Target is what is put under load. [Image] and [Container] are targets; another
// one only needs to know how to start.
//
// Start returns when the target is ready to be loaded. If it fails it leaves
// nothing behind; if the target ended by itself meanwhile, its error wraps [Exit].
type Target interface {
	Start(ctx context.Context) (*Instance, error)
}

// Instance is a target that runs.
type Instance struct {
	URL    string          // where the load goes: scheme, host and port, no trailing slash
	Memory profile.Sampler // reads the target's memory
	Heap   Prober          // asks the target's runtime; nil if it has nothing to say
	heap   heapReader      // reads its heap from outside; nil if that cannot be done
	Heaps  ProfileSource   // where heap profiles come from, if not from Heap; nil if there are none
	Env    report.Env      // what is known of the target and its engine
	Source report.Source   // what Memory reads (Kind), and if it is not the best: Why
	Vars   []string        // its environment, "NAME=value": what reports must not show, wherever the target prints it

	// Processes looks at the target's processes, thoroughly (PSS, USS) if it is asked
	// to; nil where they cannot be seen. At and Requests are filled in by the caller.
	Processes func(thoroughly bool) (profile.Processes, error)

	// Mappings is what the largest of them is made of, read near the memory limit: the part
	// of an alarm below WhyNot. Nil where they cannot be seen.
	Mappings func(ctx context.Context) (report.Alarm, error)

	Warnings []string // what a reader of the record must know: limits that could not be applied

	Exited <-chan Exit                     // receives once if the target ends by itself, and once for each life if it is Revived; nil if that cannot be seen
	Stop   func(ctx context.Context) error // removes the target and all that came with it; called once
}

// A Prober forces a garbage collection in the target and tells what is left.
// [heap.Pprof] is one, for targets that serve net/http/pprof.
type Prober interface {
	Floor(ctx context.Context) (profile.LiveHeap, error) // At and Requests are filled in by the caller
	Heap(ctx context.Context) ([]byte, error)            // a heap profile in pprof's format
}

// A ProfileSource hands out heap profiles of the target in pprof's format, whatever its
// language. [heap.HeapURL] is one, for whatever serves a profile of its memory.
type ProfileSource interface {
	Heap(ctx context.Context) ([]byte, error) // with the values inuse_space and inuse_objects
	ForcesGC() bool                           // garbage is collected first, or there never is any
}

// forced is a Prober as a ProfileSource.
type forced struct{ Prober }

func (forced) ForcesGC() bool { return true }

// Exit is how a target ended by itself.
type Exit struct {
	Code      int    // exit code; 137 is SIGKILL, from whomever
	OOMKilled bool   // the kernel killed it for want of memory: Witness says so
	Witness   string // who says so: "inspect", "oom event", "oom_kill 0 → 1"
	Logs      string // its last log lines
	Revived   bool   // its restart policy starts it again: the run goes on to sample it, and nothing judges it
}

// Error returns one sentence: "exited with code 2".
func (e Exit) Error() string {
	said, known := e.verb(), e.known()
	if len(known) > 0 {
		said += " (" + strings.Join(known, "; ") + ")"
	}
	return said
}

func (e Exit) verb() string {
	switch {
	case e.OOMKilled:
		return "was OOM-killed"
	case e.Code == killed:
		return "was killed"
	case e.Code < 0:
		return "is gone"
	default:
		return fmt.Sprintf("exited with code %d", e.Code)
	}
}

// known returns what else is known of the end.
func (e Exit) known() []string {
	switch signal, signalled := signals[e.Code]; {
	case e.OOMKilled:
		return []string{fmt.Sprintf("exit code %d", e.Code), "witness: " + e.Witness}
	case e.Code == killed:
		return []string{"exit code 137, SIGKILL", "no witness of an OOM kill"}
	case signalled:
		return []string{signal}
	case e.Witness != "":
		return []string{e.Witness}
	}
	return nil
}

const killed = 137 // the exit code of what SIGKILL ended

// signals are those that end programs, by the exit code that they give: 128 and their
// number, which is the same on all of Linux's architectures that Docker runs on.
var signals = map[int]string{
	129: "SIGHUP", 130: "SIGINT", 131: "SIGQUIT", 132: "SIGILL", 134: "SIGABRT", 135: "SIGBUS", 136: "SIGFPE", killed: "SIGKILL",
	139: "SIGSEGV", 141: "SIGPIPE", 143: "SIGTERM",
}

// remedy returns what to do about it.
func (e Exit) remedy() string {
	switch {
	case e.OOMKilled:
		return "raise its memory limit (MemoryLimit) if it needs that much, else see in the report what grew"
	case e.Code == killed:
		return "find out who killed it: docker events, the kernel's log, another test"
	case e.Code < 0:
		return "leave the container alone while the run lasts"
	case e.Code == 129, e.Code == 130, e.Code == 143:
		return "somebody stopped it: let no other test do that, and no docker stop"
	case e.Logs == "":
		return "it wrote no log: run it by hand to see why"
	case e.Code == 0:
		return "a target serves until it is stopped: its last log lines may say why this one ended"
	default:
		return "its last log lines may say why"
	}
}
