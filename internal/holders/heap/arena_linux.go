package heap

import (
	"fmt"
	"syscall"
)

// arena is memory beside Go's own heap: it is there before the process is stopped, does
// not make the collector's next round later, and is gone when it is let go.
type arena struct{ bytes []byte }

func newArena(size uint64) (*arena, error) {
	const page = 4096
	size = (size + page) / page * page
	b, err := syscall.Mmap(-1, 0, int(size), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_POPULATE)
	if err != nil {
		return nil, fmt.Errorf("get %d MiB of memory to read into: %w", size>>20, err)
	}
	const dontDump = 16 // MADV_DONTDUMP: a crash of ours leaves no copy on disk
	_ = syscall.Madvise(b, dontDump)
	return &arena{b}, nil
}

func (a *arena) free() {
	if a.bytes != nil {
		clear(a.bytes)
		_ = syscall.Munmap(a.bytes)
		a.bytes = nil
	}
}
