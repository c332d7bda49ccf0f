package process

import (
	"context"
	"errors"
	"fmt"

	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile"
)

// Source is an open source of a target's memory.
type Source struct {
	profile.Sampler
	target.Source
	Close     func() error
	Processes func() ([]int, error) // the target's processes; nil where they cannot be seen
}

var _ target.PeakResetter = Source{}

// ResetPeak makes profile.Memory.PeakUsage count from now. It fails with an error that
// wraps errors.ErrUnsupported where the source cannot.
func (s Source) ResetPeak() error {
	if r, ok := s.Sampler.(target.PeakResetter); ok {
		return r.ResetPeak()
	}
	return fmt.Errorf("reset peak usage by %s: %w", s.Kind, errors.ErrUnsupported)
}

// Instance returns what the source makes of a running target: how its memory is read, and
// its processes. The rest is left to the caller, who closes the source too.
func (s Source) Instance() *target.Instance {
	inst := &target.Instance{Memory: s, Source: s.Source}
	if s.Processes == nil {
		return inst
	}
	inst.Processes = func(thoroughly bool) (profile.Processes, error) {
		pids, err := s.Processes()
		if err != nil {
			return profile.Processes{}, err
		}
		return Look(pids, thoroughly)
	}
	inst.Mappings = func(ctx context.Context) (profile.Mappings, error) {
		pids, err := s.Processes()
		if err != nil {
			return profile.Mappings{}, err
		}
		return Map(ctx, pids)
	}
	return inst
}
