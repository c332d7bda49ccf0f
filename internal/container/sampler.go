package container

import (
	"context"
	"errors"
	"fmt"

	"github.com/memgate/memgate/internal/cgroup"
	"github.com/memgate/memgate/internal/process"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile"
)

// Where memory is read: the values of Spec.Source, and part of target.Source.Kind.
const (
	Files = "files"        // of the container's cgroup, seen from here
	Exec  = "exec"         // the same files, read by a shell in the container
	Stats = "docker stats" // the engine's stream
)

// Source is an open source of a container's memory.
type Source = process.Source

// Sampler opens the best source there is: the files of the container's cgroup, found
// through its PID; where they cannot be seen from here, the same files read by a shell
// in the container; where there is none, the engine's stats. The latter two have one
// record a second. Each is tried before it is taken. Where Spec.Source names one, it is
// that or an error. It fails with an error wrapping profile.ErrGone if the container
// has ended.
//
// A container that its restart policy revives is found again, and its sampler then
// tells profile.ErrRevived, once.
func (c *Container) Sampler(ctx context.Context) (Source, error) {
	source, err := c.source(ctx)
	if err != nil {
		return Source{}, fmt.Errorf("open memory of container %.12s: %w", c.id, err)
	}
	if !c.info.Restarts {
		return source, nil
	}
	f := &follower{open: c.source, state: c.state, now: source}
	return Source{Sampler: f, Source: source.Source, Close: f.Close, Processes: f.processes}, nil
}

// source tries one way after the other.
func (c *Container) source(ctx context.Context) (Source, error) {
	if err := c.lives(ctx); err != nil {
		return Source{}, err
	}
	var failed error
	for _, way := range []struct {
		name string
		open func(context.Context) (Source, error)
	}{{Files, c.files}, {Exec, c.exec}, {Stats, c.stats}} {
		if c.spec.Source != "" && c.spec.Source != way.name {
			continue
		}
		source, err := way.open(ctx)
		switch {
		case err == nil:
			source.Why = inWords(failed)
			return source, nil
		case errors.Is(err, profile.ErrGone):
			return Source{}, err
		}
		failed = errors.Join(failed, fmt.Errorf("%s: %w", way.name, err))
	}
	return Source{}, failed
}

func inWords(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// files opens the files of the container's cgroup.
func (c *Container) files(ctx context.Context) (Source, error) {
	ctr, err := c.inspect(ctx)
	if err != nil {
		return Source{}, err
	}
	if ctr.State == nil || ctr.State.Pid == 0 {
		return Source{}, fmt.Errorf("the engine tells no PID of container %.12s", c.id)
	}
	dir, err := cgroup.Find(ctr.State.Pid, ctr.ID)
	if err != nil {
		// A PID of another machine or PID namespace is as good as none here: only
		// the engine knows whether the container lives.
		return Source{}, unlessGone(c.lives(ctx), err)
	}
	reader, err := cgroup.Open(dir)
	if err != nil {
		return Source{}, unlessGone(c.lives(ctx), err)
	}
	return Source{Sampler: reader, Source: target.Source{Kind: fmt.Sprintf("cgroup v%d files", dir.Version)}, Close: reader.Close, Processes: dir.Processes}, nil
}

// exec has a shell in the container read the files.
func (c *Container) exec(ctx context.Context) (Source, error) {
	s, err := c.newExecStream(ctx)
	if err != nil {
		return Source{}, err
	}
	return tried(ctx, s, "exec in the container")
}

// stats takes the engine's stats.
func (c *Container) stats(ctx context.Context) (Source, error) {
	return tried(ctx, c.newStatsStream(ctx), Stats)
}

// tried returns a stream that has had a record.
func tried(ctx context.Context, s *stream, kind string) (Source, error) {
	var m profile.Memory
	if err := s.Sample(ctx, &m); err != nil {
		return Source{}, errors.Join(err, s.Close())
	}
	return Source{Sampler: s, Source: target.Source{Kind: kind}, Close: s.Close}, nil
}

// unlessGone returns err without its claim that the target is gone, or alive if that says so.
func unlessGone(alive, err error) error {
	if errors.Is(alive, profile.ErrGone) {
		return alive
	}
	return errors.New(err.Error())
}
