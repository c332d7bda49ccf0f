package profile

import "time"

// Processes is one look at all processes of a target together, as the kernel keeps
// account of each: what none of Memory's figures tell. Sizes are bytes. A figure that
// is 0 was not read: a process has at least one thread, and memory.
type Processes struct {
	At       time.Duration // since the run started
	Requests uint64        // requests completed by then, warm-up included
	Phase    string        // the phase at whose end it was taken; "" if it was taken within one

	Count   uint64 // processes
	Threads uint64 // of all processes
	FDs     uint64 // open file descriptors of all processes; not read of another user's
	RSS     uint64 // resident memory; what two processes share counts twice
	VSS     uint64 // address space
	PSS     uint64 // resident memory, what is shared by n counts for one n-th; at the end of phases only
	USS     uint64 // resident memory that is not shared: what the end of the processes would free; as PSS
}
