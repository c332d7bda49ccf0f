package heap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

// memory reads that of another process.
type memory struct {
	pid  int
	file *os.File // nil as long as the kernel copies without it
	n    uint64   // bytes read
}

// part is a piece of memory to be read.
type part struct {
	addr uint64
	to   []byte
}

const mostParts = 1024 // of one call: IOV_MAX

// read reads all parts or fails.
func (m *memory) read(parts ...part) error {
	for len(parts) > 0 {
		n := min(len(parts), mostParts)
		if err := m.some(parts[:n]); err != nil {
			return err
		}
		parts = parts[n:]
	}
	return nil
}

func (m *memory) some(parts []part) error {
	if m.file == nil {
		err := m.copied(parts)
		if !errors.Is(err, syscall.EPERM) && !errors.Is(err, syscall.ENOSYS) {
			return err
		}
		f, openErr := os.Open(fmt.Sprintf("/proc/%d/mem", m.pid))
		if openErr != nil {
			return fmt.Errorf("%w: it takes root or the target's own user", openErr)
		}
		m.file = f
	}
	for _, p := range parts {
		if _, err := m.file.ReadAt(p.to, int64(p.addr)); err != nil {
			return fmt.Errorf("read %d B at %#x: %w", len(p.to), p.addr, err)
		}
		m.n += uint64(len(p.to))
	}
	return nil
}

// foreign is an iovec of another process. Its base is no pointer of ours: the collector
// must not take it for one.
type foreign struct{ base, length uint64 }

// copied has the kernel copy from process to process. It may copy less than it was
// asked for, and then goes on from there.
func (m *memory) copied(parts []part) error {
	var here [mostParts]syscall.Iovec
	var there [mostParts]foreign
	k, want := 0, uint64(0)
	for _, p := range parts {
		if len(p.to) == 0 {
			continue
		}
		here[k].Base = &p.to[0]
		here[k].SetLen(len(p.to))
		there[k] = foreign{p.addr, uint64(len(p.to))}
		want += uint64(len(p.to))
		k++
	}
	for from := 0; want > 0; {
		n, _, e := syscall.Syscall6(processVMReadv, uintptr(m.pid), uintptr(unsafe.Pointer(&here[from])), uintptr(k-from),
			uintptr(unsafe.Pointer(&there[from])), uintptr(k-from), 0)
		switch {
		case e != 0:
			return fmt.Errorf("read memory: %w", e)
		case n == 0:
			return errors.New("read memory: the kernel copied nothing")
		}
		got := uint64(n)
		m.n += got
		want -= got
		for ; got > 0 && got >= there[from].length; from++ {
			got -= there[from].length
		}
		if got > 0 {
			there[from].base += got
			there[from].length -= got
			here[from].Base = (*byte)(unsafe.Add(unsafe.Pointer(here[from].Base), got))
			here[from].SetLen(int(there[from].length))
		}
	}
	return nil
}

// word reads one word; 0 if it cannot be read.
func (m *memory) word(a uint64) uint64 {
	var b [8]byte
	if a == 0 || m.read(part{a, b[:]}) != nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b[:])
}

// words reads n words.
func (m *memory) words(a, n uint64) ([]uint64, error) {
	b := make([]byte, n*8)
	if err := m.read(part{a, b}); err != nil {
		return nil, err
	}
	w := make([]uint64, n)
	for i := range w {
		w[i] = binary.LittleEndian.Uint64(b[i*8:])
	}
	return w, nil
}

func (m *memory) close() {
	if m.file != nil {
		_ = m.file.Close()
	}
}
