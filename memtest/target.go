package memtest

import (
	"context"

	"github.com/memgate/memgate/internal/golang"
	"github.com/memgate/memgate/memtest/target"
)

// A Target is what is put under load. [Image], [Process] and [Container] are targets;
// another one only needs to know how to start, and package target says with what.
type Target = target.Target

// Instance is a target that runs.
type Instance = target.Instance

// Exit is how a target ended by itself.
type Exit = target.Exit

var (
	_ target.Limited = Image{}
	_ target.Limited = Process{}
	_ target.Target  = Container{}
)

// GoRuntime returns the runtime of a Go program, for a target of one's own: it serves
// net/http/pprof at that URL ("http://127.0.0.1:6060/debug/pprof"), and the heap of that
// process, or of what it has started, can be walked; 0 is a process that cannot be seen from
// here. The target's Instance.Stop calls release.
func GoRuntime(pprofURL string, pid int) (r target.Runtime, release func(context.Context) error) {
	spec := golang.Spec{Pprof: pprofURL}
	if pid > 0 {
		spec.PID = func(context.Context) (int, error) { return pid, nil }
	}
	program := golang.New(spec)
	return program, program.Close
}
