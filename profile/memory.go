package profile

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Memory is one look at a target's memory. All sizes are bytes.
//
// A figure that the source does not have (an old kernel, Docker's stats API) is
// listed in Missing and must not be read as zero: Value tells the two apart.
type Memory struct {
	Usage        uint64 // all memory charged to the container, reclaimable page cache included
	WorkingSet   uint64 // Usage − InactiveFile, never below 0: what kubelet, cAdvisor and docker stats call memory
	Anon         uint64 // anonymous memory (heap, stacks, mmap) without swap: a container's RSS
	File         uint64 // page cache, Shmem included
	InactiveFile uint64 // page cache not used lately: the first to be reclaimed
	ActiveFile   uint64 // page cache used lately: reclaimable too, yet part of WorkingSet
	Shmem        uint64 // tmpfs and shared memory
	Kernel       uint64 // kernel memory: slab, kernel stacks, page tables, sockets
	Swap         uint64 // swapped out
	Limit        uint64 // hard limit; 0 means that there is none
	OOMKills     uint64 // processes the kernel has killed for want of memory, so far

	Missing Columns // figures that this source does not have
}

// Columns is a set of Memory's figures.
type Columns uint64

// columns names Memory's figures as they stand in JSON and CSV, in their order.
var columns = []struct {
	name string
	at   func(*Memory) *uint64
}{
	{"usage", func(m *Memory) *uint64 { return &m.Usage }},
	{"working_set", func(m *Memory) *uint64 { return &m.WorkingSet }},
	{"anon", func(m *Memory) *uint64 { return &m.Anon }},
	{"file", func(m *Memory) *uint64 { return &m.File }},
	{"inactive_file", func(m *Memory) *uint64 { return &m.InactiveFile }},
	{"active_file", func(m *Memory) *uint64 { return &m.ActiveFile }},
	{"shmem", func(m *Memory) *uint64 { return &m.Shmem }},
	{"kernel", func(m *Memory) *uint64 { return &m.Kernel }},
	{"swap", func(m *Memory) *uint64 { return &m.Swap }},
	{"limit", func(m *Memory) *uint64 { return &m.Limit }},
	{"oom_kills", func(m *Memory) *uint64 { return &m.OOMKills }},
}

// Lacking is the set of the named figures, for a sampler's Memory.Missing. A name
// that Memory does not have is a programming error and panics.
func Lacking(names ...string) Columns {
	var set Columns
	for _, name := range names {
		i := columnIndex(name)
		if i < 0 {
			panic(fmt.Sprintf("profile: no memory figure is called %q", name))
		}
		set |= 1 << i
	}
	return set
}

// Value is the figure of that name ("working_set", "anon", …), and whether the
// source has it.
func (m *Memory) Value(name string) (bytes uint64, ok bool) {
	i := columnIndex(name)
	if i < 0 || m.Missing&(1<<i) != 0 {
		return 0, false
	}
	return *columns[i].at(m), true
}

func columnIndex(name string) int {
	for i := range columns {
		if columns[i].name == name {
			return i
		}
	}
	return -1
}

// ErrGone says that the target's memory cannot be read any more because the target
// is no more. Samplers wrap it with what they saw.
var ErrGone = errors.New("the target is gone")

// A Sampler reads a target's memory now into m, which it overwrites whole. It is
// called by one goroutine at a time. An error wrapping ErrGone says that the
// target is no more; it never answers zeros for a target that is gone.
type Sampler interface {
	Sample(ctx context.Context, m *Memory) error
}

// Sample is one look at the target's memory, with what had been asked of it.
type Sample struct {
	At       time.Duration // since the run started (Record.Started), by the monotonic clock
	Requests uint64        // requests completed by then, warm-up included
	Memory
}
