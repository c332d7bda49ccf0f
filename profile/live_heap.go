package profile

import "time"

// LiveHeap is what the target's runtime said of its heap right after a garbage
// collection: the live heap, exact, without sampling error. All sizes are bytes.
type LiveHeap struct {
	At       time.Duration // since the run started
	Requests uint64        // requests completed by then, warm-up included
	Took     time.Duration // how long the target took to answer, the collection included

	HeapAlloc    uint64 // bytes of live heap objects
	HeapObjects  uint64 // number of live heap objects (Mallocs − Frees)
	StackInuse   uint64 // bytes in stack spans
	Sys          uint64 // bytes obtained from the system
	HeapReleased uint64 // bytes of Sys given back to the system
	NextGC       uint64 // heap size at which the next collection starts
	NumGC        uint64 // collections completed, so far
}

// Live returns the live heap with the stacks, in bytes: what a leak makes grow.
func (f LiveHeap) Live() uint64 { return f.HeapAlloc + f.StackInuse }
