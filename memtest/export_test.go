package memtest

import (
	"context"

	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
)

// Read is a target whose heap is what Paths makes of it.
type Read struct {
	target.Target
	Paths func() (*profile.Paths, error)
}

// Start starts the target.
func (r Read) Start(ctx context.Context) (*target.Instance, error) {
	inst, err := r.Target.Start(ctx)
	if err == nil {
		inst.Runtime = readBy(r.Paths)
	}
	return inst, err
}

type readBy func() (*profile.Paths, error)

func (readBy) Info() profile.RuntimeInfo                      { return profile.Go() }
func (r readBy) Walk(context.Context) (*profile.Paths, error) { return r() }

// Prove is what SelfTest says of gates, given the runs.
func Prove(run *report.Record, once, again []*report.Record, gates ...Gate) ([]report.Check, string) {
	return evidence{run: run, once: once, again: again}.prove(gates)
}
