package memtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/memgate/memgate/internal/process"
	"github.com/memgate/memgate/memtest/target"
)

// Process is a Target that needs no container engine: a child process, started for the
// run on a free loopback port and removed after it with all its children. Exactly one
// of Go and Command names it.
//
// Where the kernel lets this user make a control group, the process gets one of its
// own: then its memory is read as a container's, and limits hold. Where not, its memory
// is what the system tells of each process: there is no page cache in it, and the
// resident memory takes the working set's place. The record says which.
type Process struct {
	Go      string   // a Go main package, "./cmd/server", compiled for this machine; an absolute path may be in another module or checkout
	Command []string // a program and its arguments
	Args    []string // further arguments
	Dir     string   // working folder of the process, to which Go is relative; default: the test's

	Ready     string            // HTTP path that answers 2xx or 3xx once the target is ready; default: the port accepts connections
	ReadyWait time.Duration     // how long it may take to be ready; default 60 s
	Env       map[string]string // added to the test's environment; reports name them and never show their values

	MemoryLimit Size // hard limit; default none. It is an error where there is no control group to enforce it
	Swap        Size // swap beyond MemoryLimit; default none, because a leak hides in swap

	// Pprof is as in Image. The process must listen where PORT in its environment says,
	// or {port} in its arguments; a port of its own for pprof is what the test says here.
	Pprof string

	// Source is where memory is read: "files" (of the control group), "proc" (what the
	// system tells of each process). Default: the files, where there are any.
	Source string

	_ struct{}
}

var _ target.Limited = Process{}

// Start starts the process and waits until it is ready.
func (p Process) Start(ctx context.Context) (*target.Instance, error) {
	port, path, err := splitPprof(p.Pprof)
	if err != nil {
		return nil, err
	}
	spec := process.Spec{
		GoPackage: p.Go, Command: p.Command, Args: p.Args, Dir: p.Dir,
		ReadyPath: p.Ready, ReadyWait: p.ReadyWait, Env: maps.Clone(p.Env), Source: p.Source,
		PprofPort: port, PprofPath: path,
	}
	if err := sizes(
		sizeField{"process's MemoryLimit", p.MemoryLimit, &spec.Memory},
		sizeField{"process's Swap", p.Swap, &spec.Swap},
	); err != nil {
		return nil, err
	}
	child, err := process.Start(ctx, spec)
	if err != nil {
		return nil, err
	}
	inst, err := child.Instance()
	if err != nil {
		return nil, errors.Join(err, child.Stop(ctx))
	}
	if err := checkLimit(ctx, p.MemoryLimit, spec.Memory, inst.Memory); err != nil {
		return nil, errors.Join(fmt.Errorf("read the process's memory: %w", err), inst.Stop(ctx))
	}
	return inst, nil
}

// WithMemoryLimit returns the process with another hard limit; 0: none.
func (p Process) WithMemoryLimit(bytes uint64) target.Limited {
	p.MemoryLimit = limitOf(bytes)
	return p
}

// WithEnv returns the process with those variables set besides its own.
func (p Process) WithEnv(env map[string]string) target.Limited {
	p.Env = merged(p.Env, env)
	return p
}

// limitOf returns a limit as a Size.
func limitOf(bytes uint64) Size {
	if bytes == 0 {
		return ""
	}
	return SizeOf(bytes)
}

// merged returns both maps in one; where both have a name, more has it.
func merged(env, more map[string]string) map[string]string {
	all := make(map[string]string, len(env)+len(more))
	maps.Copy(all, env)
	maps.Copy(all, more)
	return all
}
