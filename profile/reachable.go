package profile

import "time"

// Reachable is what was reachable in the target's heap when it was read from outside,
// while no load ran. Garbage is no part of it.
type Reachable struct {
	At       time.Duration // since the run started
	Requests uint64        // completed by then, warm-up included
	Bytes    uint64        // with the goroutines' stacks
	Objects  uint64

	// Grown and GrownObjects are what grew since the reading before, path by path: what
	// shrank elsewhere makes up for nothing. 0 in the first.
	Grown, GrownObjects uint64
}
