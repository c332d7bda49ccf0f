package profile

import (
	"context"
	"errors"
	"time"
)

// Memory is one look at a target's memory. Sizes are bytes; stalls and the like are
// microseconds of time; the rest are numbers. What only grows (events, refaults,
// stalls) counts from the start of the container: only differences say something.
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
	Kernel       uint64 // kernel memory: slab, kernel stacks, page tables, per-CPU memory; not Sock
	Swap         uint64 // swapped out
	Limit        uint64 // hard limit; 0 means that there is none
	OOMKills     uint64 // processes the kernel has OOM-killed, so far

	// PeakUsage is the largest Usage since the peak was last reset, or else since the
	// container's start: exact, however short it was. There is none of WorkingSet.
	PeakUsage uint64

	// Parts of Anon, and of memory that cannot be reclaimed.
	AnonHuge     uint64 // part of Anon in transparent huge pages
	InactiveAnon uint64 // anonymous memory and tmpfs not used lately: the first to be swapped out
	ActiveAnon   uint64 // anonymous memory and tmpfs used lately
	Unevictable  uint64 // locked memory and the like

	// Parts of Kernel, and Sock beside it. Cgroup v1 has none of them.
	SlabReclaimable   uint64 // kernel objects that can be dropped: dentries, inodes
	SlabUnreclaimable uint64 // kernel objects that cannot
	KernelStack       uint64 // kernel stacks: 16 KiB for each thread, as a rule
	PageTables        uint64
	PerCPU            uint64
	Sock              uint64 // buffers of sockets

	// Limits; 0 means that there is none.
	MemorySwapLimit uint64 // memory and swap together, as Docker's MemorySwap: equal to Limit if no swap may be used
	SoftLimit       uint64 // what is left to the container when the host is short of memory: Docker's MemoryReservation
	High            uint64 // above this the container is slowed down and reclaimed from (v2 only)

	// Events so far. LimitEvents is failcnt on cgroup v1, which has none of the
	// other three.
	LowEvents   uint64 // reclaimed from although below SoftLimit
	HighEvents  uint64 // slowed down at High
	LimitEvents uint64 // usage ran into Limit and something had to be reclaimed
	OOMEvents   uint64 // usage ran into Limit and nothing could be reclaimed

	// Signs of too little memory, so far.
	LazyFreePages uint64 // pages that were given back by MADV_FREE; they count as Anon until they are needed
	RefaultsAnon  uint64 // pages swapped out and soon needed again
	RefaultsFile  uint64 // pages of files dropped and soon needed again
	MajorFaults   uint64 // page faults that had to wait for a disk
	StallSome     uint64 // µs in which at least one task of the container waited for memory (PSI, v2 only)
	StallFull     uint64 // µs in which all its tasks did
	HostStallSome uint64 // µs, as StallSome for the whole host: others may be the cause
	HostStallFull uint64 // µs, as StallFull for the whole host

	Throttled uint64 // µs for which the CPU quota held the container back, so far
	Pids      uint64 // processes and threads

	Missing FieldSet // figures that this source does not have
}

// ErrGone says that the target's memory cannot be read any more because the target
// is no more. Samplers wrap it with what they saw.
var ErrGone = errors.New("the target is gone")

// ErrRevived says that the target ended and was started again since the sample before:
// what comes now is another series. It is returned once, in place of a sample.
var ErrRevived = errors.New("the target was started again")

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
