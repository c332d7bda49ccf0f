package memtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/memgate/memgate/internal/process"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/report"
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

var _ Target = Process{}

// Start starts the process and waits until it is ready.
func (p Process) Start(ctx context.Context) (*Instance, error) {
	pprofPort, pprof, err := splitPprof(p.Pprof)
	if err != nil {
		return nil, err
	}
	spec := process.Spec{
		GoPackage: p.Go, Command: p.Command, Args: p.Args, Dir: p.Dir,
		ReadyPath: p.Ready, ReadyWait: p.ReadyWait, Env: maps.Clone(p.Env), Source: p.Source,
	}
	if err := sizes(
		sizeField{"process's MemoryLimit", p.MemoryLimit, &spec.Memory},
		sizeField{"process's Swap", p.Swap, &spec.Swap},
	); err != nil {
		return nil, err
	}
	child, err := process.Start(ctx, spec)
	if err != nil {
		return nil, processExit(err)
	}
	source, err := child.Sampler()
	if err == nil {
		err = checkLimit(ctx, p.MemoryLimit, spec.Memory, source)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the process's memory: %w", err), child.Stop(ctx))
	}
	pprofURL := child.URL() + pprof
	if pprofPort > 0 {
		pprofURL = "http://127.0.0.1:" + strconv.Itoa(pprofPort) + pprof
	}
	return p.instance(child, source, pprofURL, uint64(spec.Memory)), nil
}

// instance returns a running process as what Measure needs of it.
func (p Process) instance(child *process.Process, source process.Source, pprofURL string, limit uint64) *Instance {
	info := child.Info()
	vars := os.Environ()
	for name, value := range p.Env {
		vars = append(vars, name+"="+value)
	}
	reader := &processHeap{pid: info.PID}
	exited, stopped := make(chan Exit, 1), make(chan struct{})
	go func() {
		select {
		case e := <-child.Exited():
			exited <- Exit{Code: e.Code, OOMKilled: e.OOMKilled, Witness: e.Witness, Logs: e.Logs}
		case <-stopped:
		}
	}()
	return &Instance{
		URL:       child.URL(),
		Memory:    source,
		Heap:      &heap.Pprof{URL: pprofURL},
		heap:      reader,
		Processes: looking(child.Processes),
		Mappings:  mapping(child.Processes),
		Source:    report.Source{Kind: source.Kind, Why: source.Why},
		Env: report.Env{
			Target: p.name(), Address: child.URL(), Limit: limit, Engine: "none: a child process",
			EnvNames: slices.Sorted(maps.Keys(p.Env)), GC: collectorVars(vars), Cgroup: info.Cgroup, TargetGo: info.GoVersion,
		},
		Vars:   vars,
		Exited: exited,
		Stop: func(ctx context.Context) error {
			close(stopped)
			return errors.Join(source.Close(), reader.close(ctx), child.Stop(ctx))
		},
	}
}

// looking returns a look at processes that can be listed; nil if they cannot be.
func looking(list func() ([]int, error)) func(thoroughly bool) (profile.Processes, error) {
	if list == nil {
		return nil
	}
	return func(thoroughly bool) (profile.Processes, error) {
		pids, err := list()
		if err != nil {
			return profile.Processes{}, err
		}
		return process.Look(pids, thoroughly)
	}
}

// mapping reads what the largest of the processes is made of; nil if they cannot be listed.
func mapping(list func() ([]int, error)) func(context.Context) (report.Alarm, error) {
	if list == nil {
		return nil
	}
	return func(ctx context.Context) (report.Alarm, error) {
		pids, err := list()
		if err != nil {
			return report.Alarm{}, err
		}
		m, err := process.Map(ctx, pids)
		a := report.Alarm{
			Command: m.Command, RSS: m.RSS, PSS: m.PSS, Anon: m.Anon, File: m.File, Shmem: m.Shmem, Swap: m.Swap, PrivateDirty: m.PrivateDirty,
		}
		for _, l := range m.Largest {
			a.Largest = append(a.Largest, report.Mapping(l))
		}
		return a, err
	}
}

// name returns the process as its test names it.
func (p Process) name() string {
	if p.Go != "" {
		return "process of Go package " + p.Go
	}
	return "process " + p.Command[0]
}

// processExit turns the word of internal/process that the process ended into ours.
func processExit(err error) error {
	if e, ok := errors.AsType[process.Exit](err); ok {
		return Exit{Code: e.Code, OOMKilled: e.OOMKilled, Witness: e.Witness, Logs: e.Logs}
	}
	return err
}
