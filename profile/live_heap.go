package profile

import "time"

// LiveHeap is what the target's runtime said of its heap right after a garbage
// collection: the live heap, exact, without sampling error. All sizes are bytes. The fields have
// the names that Go gives them; a figure that a runtime does not tell is 0, and Sys is 0
// where nothing is known of what it has taken from the system.
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

// Committed returns the memory that the runtime has from the system and has not given back,
// in bytes; what is anonymous memory besides lies outside the runtime's.
func (f LiveHeap) Committed() float64 { return float64(f.Sys) - float64(f.HeapReleased) }
