package cgroup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/memgate/memgate/profile"
)

// Reader is a profile.Sampler that reads one control group. Its files are opened
// once and read again in place: a sample allocates nothing.
type Reader struct {
	mu    sync.Mutex // Close in the middle of Sample must not give descriptors away
	files []*file    // the one with the usage first; nil after Close
	buf   []byte
	now   profile.Memory // what the files' figures point into

	swapAlone bool // v2 limits swap by itself, v1 memory and swap together
}

var _ profile.Sampler = (*Reader)(nil)

// Open opens the files of a control group that Find found. Files that this kernel
// does not have make their figures Missing. It fails with an error that wraps
// profile.ErrGone if the group is no more, and if a file cannot be read or
// understood. Close the Reader after use.
func Open(dir Dir) (*Reader, error) {
	r := &Reader{buf: make([]byte, 8<<10), swapAlone: dir.Version == 2}
	for _, s := range specs(dir) {
		if err := r.open(s); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	// A group that vanished on the way looks as if it had few files.
	if _, err := r.files[0].read(r.buf); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// open opens a file and tries it.
func (r *Reader) open(s spec) error {
	h, err := open(s.path, s.entries[0].figure == peakUsage)
	required := len(r.files) == 0
	switch {
	case errors.Is(err, fs.ErrNotExist) && !required:
		return nil
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENODEV):
		return fmt.Errorf("open %s: the cgroup has been removed: %w", s.path, profile.ErrGone)
	case err != nil:
		return fmt.Errorf("open %s: %w: run the tests as a user who may read it", s.path, err)
	}
	f := newFile(s, h, &r.now)
	r.files = append(r.files, f)
	err = r.read(f)
	if errors.Is(err, errors.ErrUnsupported) && !required { // pressure that was switched off at boot
		r.files = r.files[:len(r.files)-1]
		return h.close()
	}
	return err
}

// Close closes the files. Sample fails afterwards.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, f := range r.files {
		errs = append(errs, f.handle.close())
	}
	r.files = nil
	return errors.Join(errs...)
}

// ResetPeak makes profile.Memory.PeakUsage count from now, for the samples of this
// Reader; on cgroup v1 for everybody's. It fails with an error that wraps
// errors.ErrUnsupported where the kernel cannot (cgroup v2 before Linux 6.12), or
// does not let this user: PeakUsage then goes on counting from the container's start.
func (r *Reader) ResetPeak() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.files {
		if f.have&profile.Fields(peakUsage) == 0 {
			continue
		}
		err := f.handle.write([]byte("0\n"))
		switch {
		case errors.Is(err, syscall.ENODEV):
			return fmt.Errorf("reset %s: the cgroup has been removed: %w", f.path, profile.ErrGone)
		case err != nil:
			return fmt.Errorf("reset %s: %w: %w", f.path, errors.ErrUnsupported, err)
		}
		return nil
	}
	return fmt.Errorf("reset peak usage: there is no file with it: %w", errors.ErrUnsupported)
}

// peakUsage is the field whose file is written to.
const peakUsage = profile.PeakUsage

// Sample reads all figures into m. Where it fails, m is as it was. An error wraps
// profile.ErrGone once the group has been removed, or no process is left in it.
func (r *Reader) Sample(ctx context.Context, m *profile.Memory) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.files == nil {
		return fmt.Errorf("sample cgroup: %w", fs.ErrClosed)
	}
	var have profile.FieldSet
	for _, f := range r.files {
		if err := r.read(f); err != nil {
			return err
		}
		have |= f.have
	}
	if have&pids != 0 && r.now.Pids == 0 {
		return fmt.Errorf("sample %s: no process is left in the cgroup: %w", filepath.Dir(r.files[0].path), profile.ErrGone)
	}
	r.now.Missing = everything &^ r.derive(have)
	*m = r.now
	return nil
}

// read reads one file into its figures, with as large a buffer as it takes.
func (r *Reader) read(f *file) error {
	for {
		data, err := f.read(r.buf)
		if err != nil {
			return err
		}
		if len(data) < len(r.buf) {
			return f.parse(data)
		}
		const most = 1 << 20
		if len(r.buf) >= most {
			return fmt.Errorf("read %s: it is larger than %d KiB: this is no cgroup file", f.path, most>>10)
		}
		r.buf = make([]byte, 2*len(r.buf))
	}
}

// Figures by which others are decided.
var (
	everything = profile.AllFieldsExcept()
	pids       = profile.Fields(profile.Pids)
	workingSet = profile.Fields(profile.WorkingSet)
	ofSet      = profile.Fields(profile.Usage, profile.InactiveFile)
	swapLimit  = profile.Fields(profile.MemorySwapLimit)
	ofSwap     = profile.Fields(profile.Limit, profile.MemorySwapLimit)
)

// derive makes the figures that follow from others, and returns those there are.
func (r *Reader) derive(have profile.FieldSet) profile.FieldSet {
	m := &r.now
	if have&ofSet == ofSet {
		m.WorkingSet = m.Usage - min(m.InactiveFile, m.Usage)
		have |= workingSet
	}
	if r.swapAlone && have&ofSwap == ofSwap {
		m.MemorySwapLimit = together(m.Limit, m.MemorySwapLimit)
	} else if r.swapAlone {
		m.MemorySwapLimit, have = 0, have&^swapLimit
	}
	return have
}

// together returns the limit on memory and swap of one on memory and one on swap alone:
// of that, 0 is no swap.
func together(memory, swap uint64) uint64 {
	if memory == 0 || swap == unlimited {
		return 0
	}
	return memory + swap
}
