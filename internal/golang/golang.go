// Package golang is the runtime of a Go program as memgate asks it: its live heap, heap
// profiles and goroutines by net/http/pprof, and what is reachable in its heap by
// reading it from outside, which needs nothing of the program.
package golang

import (
	"context"
	"regexp"
	"strings"

	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/heap"
)

// Runtime is that of one running Go program.
type Runtime struct {
	pprof heap.Pprof
	info  profile.RuntimeInfo
	walk  walker
}

var (
	_ target.Runtime      = (*Runtime)(nil)
	_ target.Collector    = (*Runtime)(nil)
	_ target.HeapProfiler = (*Runtime)(nil)
	_ target.TaskProfiler = (*Runtime)(nil)
	_ target.HeapWalker   = (*Runtime)(nil)
)

// Spec says where the program is.
type Spec struct {
	Pprof   string   // URL of its net/http/pprof
	Version string   // of Go that compiled it; "" if it is not known
	Vars    []string // its environment, "NAME=value"

	// PID returns the program's process, or one that has started it. An error says that
	// it cannot be seen from here, which is when Beside is asked.
	PID func(ctx context.Context) (int, error)

	// Beside puts a Go main package beside the program, where it may look into its heap.
	// Nil: that cannot be done.
	Beside func(ctx context.Context, goPackage string) (Companion, error)
}

// A Companion is a program beside the target.
type Companion interface {
	Run(ctx context.Context, args ...string) ([]byte, error) // returns what it wrote to its standard output
	Stop(ctx context.Context) error                          // removes it
}

// New returns the runtime of a program. Nothing is asked of it yet.
func New(s Spec) *Runtime {
	info := profile.Go()
	info.Version, info.Settings = s.Version, settings(s.Vars)
	return &Runtime{pprof: heap.Pprof{URL: s.Pprof}, info: info, walk: walker{pid: s.PID, beside: s.Beside}}
}

// Info returns what is said of a Go program.
func (r *Runtime) Info() profile.RuntimeInfo { return r.info }

// Collect forces a collection and reads what the runtime says of the heap then.
func (r *Runtime) Collect(ctx context.Context) (profile.LiveHeap, error) { return r.pprof.Live(ctx) }

// HeapProfile forces a collection and fetches a heap profile.
func (r *Runtime) HeapProfile(ctx context.Context) (target.HeapProfile, error) {
	raw, err := r.pprof.Heap(ctx)
	return target.HeapProfile{Raw: raw}, err
}

// Tasks fetches a profile of the goroutines.
func (r *Runtime) Tasks(ctx context.Context, whole bool) (heap.GoroutineProfile, error) {
	return r.pprof.Goroutines(ctx, whole)
}

// Walk reads the heap from outside, while the program stands still.
func (r *Runtime) Walk(ctx context.Context) (*profile.Paths, error) { return r.walk.paths(ctx) }

// Close releases what Walk has opened.
func (r *Runtime) Close(ctx context.Context) error { return r.walk.close(ctx) }

// settings returns "GOGC=50 GOMEMLIMIT=200MiB": those of a target's variables that say
// when its heap is collected, as far as they are what they should be.
func settings(vars []string) string {
	var shown []string
	for _, v := range vars {
		if setting.MatchString(v) {
			shown = append(shown, v)
		}
	}
	return strings.Join(shown, " ")
}

var setting = regexp.MustCompile(`^(GOGC=(off|[0-9]{1,9})|GOMEMLIMIT=(off|[0-9]{1,18}([KMGT]i)?B?))$`)
