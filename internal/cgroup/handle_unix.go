//go:build unix

package cgroup

import (
	"io/fs"
	"syscall"
)

// handle is a bare descriptor. os.File would read twice, the second time to learn
// that the file has ended, and the kernel makes the content anew each time.
type handle int

func open(path string) (handle, error) {
	for {
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err != syscall.EINTR {
			return handle(fd), err
		}
	}
}

// readAt reads once from the file's start.
func (h handle) readAt(buf []byte) (int, error) {
	for {
		n, err := syscall.Pread(int(h), buf, 0)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return 0, err
		case n < 0 || n > len(buf):
			return 0, fs.ErrInvalid
		}
		return n, nil
	}
}

func (h handle) close() error { return syscall.Close(int(h)) }
