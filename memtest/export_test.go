package memtest

import (
	"context"

	"github.com/memgate/memgate/internal/holders"
	"github.com/memgate/memgate/report"
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

// Prove is what SelfTest says of gates, given the runs.
func Prove(run *report.Record, once, again []*report.Record, gates ...Gate) ([]report.Check, string) {
	return evidence{run: run, once: once, again: again}.prove(gates)
}
