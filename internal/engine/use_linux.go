package engine

import (
	"syscall"
	"time"
)

// threadTime returns the processor time that the calling thread has used so far.
func threadTime() time.Duration {
	const thisThread = 1 // RUSAGE_THREAD
	used, _ := use(thisThread)
	return used
}

// processUse returns the processor time that this process has used, and the largest resident
// memory that it had, in bytes.
func processUse() (cpu time.Duration, memory uint64) { return use(syscall.RUSAGE_SELF) }

func use(who int) (cpu time.Duration, memory uint64) {
	var u syscall.Rusage
	if syscall.Getrusage(who, &u) != nil {
		return 0, 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), uint64(u.Maxrss) << 10
}
