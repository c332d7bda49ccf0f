package freeze

import (
	"errors"
	"fmt"
	"syscall"
	"time"
)

// Requests of ptrace(2) that package syscall does not name.
const (
	ptraceSeize     = 0x4206
	ptraceInterrupt = 0x4207
	wall            = 0x40000000 // wait for threads, too
)

// tracer holds the threads of a process. It lives on one thread: the kernel takes
// requests from that one alone.
type tracer struct {
	pid     int
	stopped []int
	moving  []int                  // seized, not yet still
	pending map[int]syscall.Signal // a signal that a thread was stopped on its way to
}

// halt stops all threads, those too that are started meanwhile.
func (t *tracer) halt(until time.Time) error {
	known := map[int]bool{}
	for {
		ids, err := tasks(t.pid)
		if err != nil {
			return errDied
		}
		more := false
		for _, id := range ids {
			if known[id] {
				continue
			}
			known[id], more = true, true
			if err := t.seize(id); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
		if err := t.await(until); err != nil {
			return err
		}
	}
}

// seize takes hold of a thread and asks it to stand still. One that has ended is no
// error.
func (t *tracer) seize(id int) error {
	switch err := ptrace(ptraceSeize, id, 0); {
	case errors.Is(err, syscall.ESRCH):
		return nil
	case errors.Is(err, syscall.EPERM) && ended(t.pid, id):
		return nil // the kernel says of a thread that ends that it may not be traced
	case err != nil:
		return fmt.Errorf("ptrace: %w: it takes root or the target's own user, no debugger at it, and where kernel.yama.ptrace_scope is set CAP_SYS_PTRACE", err)
	}
	t.moving = append(t.moving, id)
	_ = ptrace(ptraceInterrupt, id, 0) // a thread that ends reports that to wait
	return nil
}

// await waits until all threads that were seized stand still.
func (t *tracer) await(until time.Time) error {
	for pause := time.Duration(0); len(t.moving) > 0; pause = min(pause+10*time.Microsecond, time.Millisecond) {
		left := t.moving[:0]
		for _, id := range t.moving {
			if !t.arrived(id) {
				left = append(left, id)
			}
		}
		t.moving = left
		if len(left) > 0 {
			if time.Now().After(until) {
				return fmt.Errorf("%d of its threads do not stand still within %v: they may wait for a disk", len(left), haltWait)
			}
			time.Sleep(pause)
		}
	}
	return nil
}

// arrived tells whether the thread stands still, or is no more.
func (t *tracer) arrived(id int) bool {
	var status syscall.WaitStatus
	got, err := syscall.Wait4(id, &status, wall|syscall.WNOHANG, nil)
	switch {
	case errors.Is(err, syscall.EINTR), err == nil && got == 0:
		return false
	case err != nil || !status.Stopped():
		return true // it has ended
	}
	if status>>16 == 0 { // no event of ptrace's own
		t.pending[id] = status.StopSignal() // it was to be told, and will be
	}
	t.stopped = append(t.stopped, id)
	return true
}

// detach lets all threads go on and says how many did. Threads that do not stand still
// are let go when the tracer's thread ends.
func (t *tracer) detach() int {
	n := 0
	for _, id := range t.stopped {
		err := ptrace(syscall.PTRACE_DETACH, id, uintptr(t.pending[id]))
		if err == nil {
			n++
			continue
		}
		var status syscall.WaitStatus
		_, _ = syscall.Wait4(id, &status, wall|syscall.WNOHANG, nil) // it was killed: its real parent is to hear of it
	}
	t.stopped = nil
	return n
}

func (t *tracer) registers() []Thread {
	var all []Thread
	for _, id := range t.stopped {
		var r syscall.PtraceRegs
		if syscall.PtraceGetRegs(id, &r) == nil {
			all = append(all, threadOf(&r))
		}
	}
	return all
}

func ptrace(request, id int, data uintptr) error {
	_, _, e := syscall.RawSyscall6(syscall.SYS_PTRACE, uintptr(request), uintptr(id), 0, data, 0, 0)
	if e != 0 {
		return e
	}
	return nil
}
