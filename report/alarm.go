package report

import (
	"time"

	"github.com/memgate/memgate/profile"
)

// Alarm is a moment near the memory limit, and what the largest process of the target was
// made of then, in bytes. Record.HeapProfiles has a profile
// with the same Why, if one could be taken.
type Alarm struct {
	At         time.Duration
	Requests   uint64
	Why        string // "92% of the limit"
	WorkingSet uint64 // of the sample that gave the alarm
	WhyNot     string // why what follows is missing; empty if it is there

	Command      string            // the process, as the kernel names it
	RSS          uint64            // resident
	PSS          uint64            // resident, what is shared by n processes counts for one n-th
	Anon         uint64            // resident and of no file: heaps and stacks
	File         uint64            // resident and of a file
	Shmem        uint64            // resident and shared, of no file on disk
	Swap         uint64            // swapped out
	PrivateDirty uint64            // resident, written to and not shared: what its end would free for certain
	Largest      []profile.Mapping // by what they hold in memory and swap, at most ten
}
