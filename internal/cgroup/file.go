package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"syscall"

	"github.com/memgate/memgate/profile"
)

// file is an open file of a control group and the figures that are wanted from it.
type file struct {
	path   string
	handle handle
	value  func([]byte) (uint64, bool) // reads what follows the key

	// The first known figures of want are in the file, in this order: so one pass
	// over the lines, which compares each with one key, finds them all.
	want  []figure
	known int
	have  profile.FieldSet // the known ones
}

// figure is one number in a file.
type figure struct {
	key string  // the line starts with it and a blank; "" takes the line whole
	per uint64  // what the file counts in the figure's unit: 1000 ns in a µs
	to  *uint64 // where it is put
	bit profile.FieldSet
}

func newFile(s spec, h handle, m *profile.Memory) *file {
	f := &file{path: s.path, handle: h, value: s.value}
	for _, e := range s.entries {
		f.want = append(f.want, figure{key: e.key, per: max(e.per, 1), to: m.Figure(e.figure), bit: profile.Fields(e.figure)})
	}
	return f
}

// read reads the file from its start into buf. If it fills it, there may be more.
func (f *file) read(buf []byte) ([]byte, error) {
	n, err := f.handle.readAt(buf)
	switch {
	case isRemoved(err):
		return nil, fmt.Errorf("read %s: the cgroup has been removed: %w", f.path, profile.ErrGone)
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", f.path, err)
	case n == 0:
		return nil, fmt.Errorf("read %s: it is empty: this kernel is not understood", f.path)
	case n < len(buf) && buf[n-1] != '\n':
		return nil, fmt.Errorf("read %s: it is cut short after %d bytes: sample again", f.path, n)
	}
	return buf[:n], nil
}

// parse puts the file's figures where they belong.
func (f *file) parse(data []byte) error {
	n, err := f.scan(data)
	if err != nil || (n == f.known && f.known > 0) {
		return err
	}
	f.learn(data)
	_, err = f.scan(data)
	return err
}

// scan reads the known figures and returns how many of them there were.
func (f *file) scan(data []byte) (int, error) {
	next := 0
	for next < f.known && len(data) > 0 {
		line := data
		if end := bytes.IndexByte(data, '\n'); end >= 0 {
			line, data = data[:end], data[end+1:]
		} else {
			data = nil
		}
		rest, ok := after(line, f.want[next].key)
		if !ok {
			continue
		}
		v, ok := f.value(rest)
		if !ok {
			return next, f.garbage(line)
		}
		*f.want[next].to = v / f.want[next].per
		next++
	}
	return next, nil
}

// learn finds out which figures the file has, and in what order.
func (f *file) learn(data []byte) {
	f.known, f.have = 0, 0
	for line := range bytes.SplitSeq(data, []byte{'\n'}) {
		for i := f.known; i < len(f.want); i++ {
			if _, ok := after(line, f.want[i].key); ok {
				f.want[f.known], f.want[i] = f.want[i], f.want[f.known]
				f.have |= f.want[f.known].bit
				f.known++
				break
			}
		}
	}
	for _, absent := range f.want[f.known:] {
		*absent.to = 0
	}
}

func (f *file) garbage(line []byte) error {
	return fmt.Errorf("read %s: no number in the line %.80q: this kernel is not understood", f.path, line)
}

// after returns what follows the key and a blank, if the line is the key's. A key with
// nothing after it is still the key.
func after(line []byte, key string) ([]byte, bool) {
	n := len(key)
	switch {
	case n == 0:
		return line, true
	case len(line) < n || string(line[:n]) != key:
		return nil, false
	case len(line) == n:
		return nil, true
	}
	return line[n+1:], line[n] == ' '
}

// isRemoved tells the error of a file of a group that has been removed.
func isRemoved(err error) bool { return errors.Is(err, syscall.ENODEV) }
