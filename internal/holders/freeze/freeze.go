// Package freeze stops a process for the blink in which its memory is read, and makes
// sure that it goes on: whatever becomes of the reader.
//
// A process is stopped by ptrace, thread by thread. The kernel lets every traced thread
// go when its tracer ends, in whatever way: so a reader that is killed in the middle
// leaves no stopped process behind, and nobody has to watch over it. It works on the
// first process of a PID namespace too, to which a stop signal from within means
// nothing.
//
// A child of this very process is stopped by SIGSTOP instead, because a traced child
// would report its stop to whoever waits for its end. There a shell stands by which
// sends SIGCONT as soon as this process is no more.
package freeze

import "time"

// Thread is where a stopped thread was.
type Thread struct {
	PC, SP, FP uint64   // FP is the frame pointer
	Registers  []uint64 // all general registers: some may hold pointers
}

// Stopped is a process that stands still until Release, or until its time is over.
type Stopped struct {
	Threads []Thread // none where registers cannot be had (a child of this process)

	since   time.Time
	release chan struct{}
	ended   chan ending
}

// ending is how a stop was over.
type ending struct {
	took time.Duration
	err  error
}

// Release lets the process go on and says how long it stood. It is an error if the
// process ended meanwhile, or was let go because its time was over: what was read then
// is worth nothing. It is called once.
func (s *Stopped) Release() (time.Duration, error) {
	close(s.release)
	end := <-s.ended
	return end.took, end.err
}
