package process

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"

	"github.com/memgate/memgate/internal/golang"
	"github.com/memgate/memgate/memtest/target"
)

// Instance returns the process as a run needs it: with its memory, and Go's runtime. If it
// fails the process goes on.
func (p *Process) Instance() (*target.Instance, error) {
	source, err := p.Sampler()
	if err != nil {
		return nil, fmt.Errorf("read the process's memory: %w", err)
	}
	vars := os.Environ()
	for name, value := range p.spec.Env {
		vars = append(vars, name+"="+value)
	}
	runtime := golang.New(golang.Spec{
		Pprof: p.pprofURL(), Version: p.info.GoVersion, Vars: vars,
		PID: func(context.Context) (int, error) { return p.info.PID, nil },
	})
	inst := source.Instance()
	inst.URL, inst.Runtime, inst.Vars, inst.Exited = p.URL(), runtime, vars, p.exited
	inst.Env = target.Env{
		Target: p.spec.name(), Limit: uint64(p.spec.Memory), EnvNames: slices.Sorted(maps.Keys(p.spec.Env)),
		Engine: "none: a child process", Cgroup: p.info.Cgroup,
	}
	inst.Stop = func(ctx context.Context) error {
		return errors.Join(source.Close(), runtime.Close(ctx), p.Stop(ctx))
	}
	return inst, nil
}

func (p *Process) pprofURL() string {
	if p.spec.PprofPort == 0 {
		return p.URL() + p.spec.PprofPath
	}
	return "http://127.0.0.1:" + strconv.Itoa(p.spec.PprofPort) + p.spec.PprofPath
}

// name returns the process as its test names it.
func (s Spec) name() string {
	if s.GoPackage != "" {
		return "process of Go package " + s.GoPackage
	}
	return "process " + s.Command[0]
}
