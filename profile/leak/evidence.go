package leak

import (
	"time"

	"github.com/memgate/memgate/profile"
)

// Poll is what the target's runtime said of itself when it was read without forcing
// a collection. All sizes are bytes; a size of 0 means that it was not read.
type Poll struct {
	At       time.Duration // since the run started
	Requests uint64        // requests completed by then, warm-up included

	HeapLive     uint64 // heap that the last collection found alive
	StackInuse   uint64 // bytes in stack spans
	Sys          uint64 // bytes obtained from the system
	HeapReleased uint64 // bytes of Sys given back to the system
	NextGC       uint64 // heap size at which the next collection starts
	NumGC        uint64 // collections completed, so far
	Goroutines   uint64 // goroutines; 0 if they were not counted
}

// committed is as LiveHeap.Committed.
func (p Poll) committed() float64 { return float64(p.Sys) - float64(p.HeapReleased) }

// Evidence is what a verdict is made of: the measured window of a run. Requests are
// counted from the first that the process served, in all three series alike.
type Evidence struct {
	Samples   profile.Series     // the target's memory, from the start of the measured load to its end
	LiveHeaps []profile.LiveHeap // live heap after forced collections in that window; none where there is no pprof
	Polls     []Poll             // what the runtime said without being forced; none where it was not asked

	Runtime profile.RuntimeInfo // what the target's runtime is called, and what would make it tell more

	Processes []profile.Processes // what the kernel says of the target's processes; none where they cannot be seen

	Planned float64       // requests per second that were planned; 0 if not known
	Window  time.Duration // length of the measured load; 0 means from the first sample to the last

	// RestBefore and Rest are the live heaps before the measured load and after it, when the
	// target had come to rest; the zero LiveHeap if they were not read. Growth of what the
	// target gives back at rest was not leaked.
	RestBefore, Rest profile.LiveHeap

	// Reachable is what was reachable in the heap, as walked before the measured
	// load, where it paused, and after it; none where it was not read. Retainers are what
	// retains the growth, and how many elements each had then.
	Reachable []profile.Reachable
	Retainers []Retainer

	// Broken says what interrupted the measured load, a sentence each: a restart, a
	// pause, an OOM kill, a gap in the samples. Any makes the verdict Inconclusive.
	Broken []string

	// Allowed is the growth that the user allows, in bytes per request. It takes the
	// place of the built-in margins: Steady means less than this, Leaking more.
	// 0 means the margins.
	Allowed float64

	// WorkingSetLeaks returns Leaking also where the working set is all there is.
	// It is the weaker verdict: without it such growth is reported as Inconclusive.
	WorkingSetLeaks bool
}

// Retainer is who holds what grew, and how many elements that had at each reading.
type Retainer struct {
	Name   string   // "field main.auditLog.orders ([]*main.order)"
	Share  float64  // of the growth of all that is reachable, from 0 to 1
	Bytes  int64    // of the growth
	Counts []uint64 // its elements at each of Evidence.Reachable: map entries, goroutines
}
