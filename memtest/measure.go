package memtest

import (
	"context"

	"github.com/memgate/memgate/internal/engine"
	"github.com/memgate/memgate/report"
)

// Measure runs the scenario and returns what it measured. The target never outlives it.
//
// The error says that the run could not be made or not be finished: a scenario that
// cannot run, a target that does not start, ctx cancelled, a target that could not be
// removed. What had been measured by then is in the record, if there is one. A target
// that ends by itself is no error but a fatal finding in the record's Notes.
func Measure(ctx context.Context, s Scenario) (*report.Record, error) {
	return measure(ctx, s, func(string) {})
}

// measure is Measure that says how it gets on.
func measure(ctx context.Context, s Scenario, say func(line string)) (*report.Record, error) {
	p, err := s.plan()
	if err != nil {
		return nil, err
	}
	return engine.Measure(ctx, p, say)
}
