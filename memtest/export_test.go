package memtest

import (
	"context"

	"github.com/memgate/memgate/internal/holders"
)

// Read is a target whose heap is what Paths makes of it.
type Read struct {
	Target
	Paths func() (*holders.Paths, error)
}

// Start starts the target.
func (r Read) Start(ctx context.Context) (*Instance, error) {
	inst, err := r.Target.Start(ctx)
	if err == nil {
		inst.heap = readBy(r.Paths)
	}
	return inst, err
}

type readBy func() (*holders.Paths, error)

func (r readBy) paths(context.Context) (*holders.Paths, error) { return r() }
func (readBy) close(context.Context) error                     { return nil }
