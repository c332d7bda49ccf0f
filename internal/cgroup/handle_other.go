//go:build !unix

package cgroup

import (
	"errors"
	"io"
	"os"
)

// handle is a file: there are no control groups here, but recorded ones are read.
type handle struct{ f *os.File }

func open(path string) (handle, error) {
	f, err := os.Open(path)
	return handle{f}, err
}

// readAt reads from the file's start.
func (h handle) readAt(buf []byte) (int, error) {
	n, err := h.f.ReadAt(buf, 0)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

func (h handle) close() error { return h.f.Close() }
