package container

import (
	"context"
	"fmt"

	"github.com/memgate/memgate/internal/cgroup"
)

// PID returns the container's first process as this machine numbers it. It is an error if
// that number means nothing here: the engine is on another machine, or its processes
// are hidden from us.
func (c *Container) PID(ctx context.Context) (int, error) {
	ctr, err := c.inspect(ctx)
	if err != nil {
		return 0, err
	}
	if ctr.State == nil || ctr.State.Pid == 0 {
		return 0, fmt.Errorf("the engine tells no PID of container %.12s", c.id)
	}
	if _, err := cgroup.Find(ctr.State.Pid, ctr.ID); err != nil { // the number may be another process's here
		return 0, fmt.Errorf("find the process of container %.12s: %w", c.id, err)
	}
	return ctr.State.Pid, nil
}
