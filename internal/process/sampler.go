package process

import (
	"errors"
	"fmt"

	"github.com/memgate/memgate/profile"
)

// Source is where a process's memory is read.
type Source struct {
	profile.Sampler
	Kind  string // "cgroup v1 files", "cgroup v2 files", "/proc"
	Why   string // if it is not the files: why not
	Close func() error
}

// ResetPeak makes profile.Memory.PeakUsage count from now. It fails with an error that
// wraps errors.ErrUnsupported where the source cannot.
func (s Source) ResetPeak() error {
	if r, ok := s.Sampler.(interface{ ResetPeak() error }); ok {
		return r.ResetPeak()
	}
	return fmt.Errorf("reset peak usage by %s: %w", s.Kind, errors.ErrUnsupported)
}
