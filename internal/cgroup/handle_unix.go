//go:build unix

package cgroup

import (
	"io/fs"
	"syscall"
)

// handle is a bare descriptor. os.File would read twice, the second time to learn
// that the file has ended, and the kernel makes the content anew each time.
type handle int

// open opens the file to be read, and to be written too if that is possible.
func open(path string, toWrite bool) (handle, error) {
	mode := syscall.O_RDONLY
	if toWrite {
		mode = syscall.O_RDWR
	}
	for {
		fd, err := syscall.Open(path, mode|syscall.O_CLOEXEC, 0)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil && toWrite:
			return open(path, false)
		}
		return handle(fd), err
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

// write writes at the file's start.
func (h handle) write(b []byte) error {
	_, err := syscall.Pwrite(int(h), b, 0)
	return err
}

func (h handle) close() error { return syscall.Close(int(h)) }
