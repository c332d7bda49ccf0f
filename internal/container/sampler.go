package container

import (
	"context"
	"errors"
	"fmt"

	"github.com/memgate/memgate/internal/cgroup"
	"github.com/memgate/memgate/profile"
)

// Source is where a container's memory is read.
type Source struct {
	profile.Sampler
	Kind  string // "cgroup v1 files", "cgroup v2 files", "docker stats"
	Why   string // if it is not the files: why not
	Close func() error

	Processes func() ([]int, error) // the container's processes; nil where they cannot be seen
}

// ResetPeak makes profile.Memory.PeakUsage count from now. It fails with an error that
// wraps errors.ErrUnsupported where the source cannot.
func (s Source) ResetPeak() error {
	if r, ok := s.Sampler.(interface{ ResetPeak() error }); ok {
		return r.ResetPeak()
	}
	return fmt.Errorf("reset peak usage by %s: %w", s.Kind, errors.ErrUnsupported)
}

// Sampler opens the best source there is: the files of the container's cgroup, found
// through its PID, or the engine's stats stream (one record a second) where they
// cannot be seen. It fails with an error wrapping profile.ErrGone if the container
// has ended.
func (c *Container) Sampler(ctx context.Context) (Source, error) {
	if err := c.lives(ctx); err != nil {
		return Source{}, fmt.Errorf("open memory of container %.12s: %w", c.id, err)
	}
	files, err := c.files(ctx)
	switch {
	case err == nil:
		return files, nil
	case errors.Is(err, profile.ErrGone):
		return Source{}, fmt.Errorf("open memory of container %.12s: %w", c.id, err)
	}
	stats := c.newStatsStream(ctx)
	return Source{Sampler: stats, Kind: "docker stats", Why: err.Error(), Close: stats.Close}, nil
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
	return Source{Sampler: reader, Kind: fmt.Sprintf("cgroup v%d files", dir.Version), Close: reader.Close, Processes: dir.Processes}, nil
}

// unlessGone is err without its claim that the target is gone, or alive if that says so.
func unlessGone(alive, err error) error {
	if errors.Is(alive, profile.ErrGone) {
		return alive
	}
	return errors.New(err.Error())
}
