//go:build !unix

package cgroup

import (
	"errors"
	"io"
	"os"
)

// handle is a file: there are no control groups here, but recorded ones are read.
type handle struct{ f *os.File }

// open opens the file to be read, and to be written too if that is possible.
func open(path string, toWrite bool) (handle, error) {
	if toWrite {
		if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
			return handle{f}, nil
		}
	}
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

// write writes at the file's start.
func (h handle) write(b []byte) error {
	_, err := h.f.WriteAt(b, 0)
	return err
}

func (h handle) close() error { return h.f.Close() }
