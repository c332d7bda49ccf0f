package memtest_test

import (
	"context"

	"github.com/memgate/memgate/load"
)

// endless repeats a plan that is over until it is told to stop.
type endless struct{ load.Driver }

func (e endless) Drive(ctx context.Context, base string, m *load.Meter) error {
	for ctx.Err() == nil {
		if err := e.Driver.Drive(ctx, base, m); err != nil {
			return err
		}
	}
	return nil
}
