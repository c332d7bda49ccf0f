//go:build !linux

package holders

import "errors"

// Reader reads the heap of a process; it needs Linux.
type Reader struct{}

// Open needs Linux.
func Open(int, Limits) (*Reader, error) {
	return nil, errors.New("another process's heap can be read on Linux only")
}

// Close does nothing.
func (*Reader) Close() error { return nil }

// Snapshot needs Linux.
func (*Reader) Snapshot() (*Paths, error) { return nil, errors.ErrUnsupported }
