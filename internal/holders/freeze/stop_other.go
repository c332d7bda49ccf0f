//go:build !linux

package freeze

import (
	"errors"
	"time"
)

// Stop needs Linux.
func Stop(int, time.Duration) (*Stopped, error) { return nil, errors.ErrUnsupported }
