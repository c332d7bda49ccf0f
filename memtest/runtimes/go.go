// Package runtimes gives the language runtimes that memgate knows to targets of one's own.
// What memtest starts by itself, an Image, a Container or a Process, has its runtime already.
package runtimes

import (
	"context"

	"github.com/memgate/memgate/internal/golang"
	"github.com/memgate/memgate/memtest/target"
)

// Go returns the runtime of a Go program, for the Instance of a target of one's own: it
// serves net/http/pprof at that URL ("http://127.0.0.1:6060/debug/pprof"), and the heap of
// that process, or of what it has started, can be walked; 0 is a process that cannot be
// seen from here. The target's Instance.Stop calls release.
func Go(pprofURL string, pid int) (r target.Runtime, release func(context.Context) error) {
	spec := golang.Spec{Pprof: pprofURL}
	if pid > 0 {
		spec.PID = func(context.Context) (int, error) { return pid, nil }
	}
	program := golang.New(spec)
	return program, program.Close
}
