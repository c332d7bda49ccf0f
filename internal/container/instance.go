package container

import (
	"context"
	"errors"
	"fmt"

	"github.com/memgate/memgate/internal/golang"
	"github.com/memgate/memgate/internal/symbols"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/heap"
)

// Instance returns the container as a run needs it: with its memory, and the runtime that
// the Spec tells of. If it fails the container goes on.
func (c *Container) Instance(ctx context.Context) (*target.Instance, error) {
	source, err := c.Sampler(ctx)
	if err != nil {
		return nil, fmt.Errorf("find a way to read the target's memory: %w", err)
	}
	runtime, release := c.runtime(ctx)
	inst, i := source.Instance(), c.info
	inst.URL, inst.Runtime, inst.Vars, inst.Warnings, inst.Exited = c.URL(), runtime, c.env, i.Warnings, c.watch.out
	inst.Env = target.Env{
		Target: i.Image, Image: i.ImageID, Limit: uint64(i.Limit), CPUs: i.CPUs, EnvNames: i.EnvNames,
		Engine: i.Engine, Kernel: i.Kernel, Cgroup: i.CgroupVersion,
	}
	inst.Stop = func(ctx context.Context) error {
		return errors.Join(source.Close(), release(ctx), c.Stop(ctx))
	}
	return inst, nil
}

// foreign is a runtime that serves profiles alone; its program may be a Go program for all that.
type foreign struct {
	target.ProfileURL
	target.HeapWalker
}

// runtime returns the runtime in the container, and what releases it. Which it is nobody
// knows before it answers: without a HeapPath it may be Go's.
func (c *Container) runtime(ctx context.Context) (_ target.Runtime, release func(context.Context) error) {
	r := golang.New(golang.Spec{
		Pprof: c.PprofURL() + c.spec.PprofPath, Version: c.info.GoVersion, Vars: c.env, PID: c.PID,
		Beside: func(ctx context.Context, goPackage string) (golang.Companion, error) {
			return c.Companion(ctx, goPackage)
		},
	})
	if c.spec.HeapPath == "" {
		return r, r.Close
	}
	name, closeFiles := c.binaries(ctx)
	profiles := target.ProfileURL{
		HeapURL: heap.HeapURL{URL: c.PprofURL() + c.spec.HeapPath, Name: name},
		About:   profile.RuntimeInfo{Version: r.Info().Version, Settings: r.Info().Settings},
	}
	return foreign{profiles, r}, func(ctx context.Context) error { return errors.Join(r.Close(ctx), closeFiles()) }
}

// binaries names places in the container's files; none where they cannot be seen from here.
func (c *Container) binaries(ctx context.Context) (name func(file string, offset uint64) string, done func() error) {
	if pid, err := c.PID(ctx); err == nil {
		if b, err := symbols.Open(pid); err == nil {
			return b.Name, b.Close
		}
	}
	return nil, func() error { return nil }
}
