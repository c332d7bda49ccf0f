package freeze

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// haltWait is how long all threads together may take to stand still: one that waits
// for a disk or a file server does not until it is served.
const haltWait = 500 * time.Millisecond

var (
	errDied    = errors.New("the target ended while its heap was being read")
	errWoken   = errors.New("the target ended, or a SIGCONT let it go on, while its heap was being read")
	errTooLong = errors.New("reading took longer than the target may stand still")
)

// Stop stops all threads of the process. It goes on after most at the latest. An error
// leaves it running.
//
// It takes the rights that a debugger needs: the same user or root, and no debugger
// that is there already.
func Stop(pid int, most time.Duration) (*Stopped, error) {
	p, err := stat(pid, pid)
	switch {
	case err != nil:
		return nil, fmt.Errorf("stop process %d: %w", pid, err)
	case p.state == "T" || p.state == "t":
		return nil, fmt.Errorf("stop process %d: it is stopped already, by a debugger or a signal", pid)
	case p.parent == os.Getpid():
		return signalled(pid, most)
	}
	s := &Stopped{release: make(chan struct{}), ended: make(chan ending, 1)}
	failed := make(chan error)
	go onThread(func() { s.trace(pid, most, failed) })
	if err := <-failed; err != nil {
		return nil, fmt.Errorf("stop process %d: %w", pid, err)
	}
	return s, nil
}

// onThread runs f on a thread that ends with it, so that nothing can stay traced. The
// process's first thread would not end.
func onThread(f func()) {
	runtime.LockOSThread()
	if syscall.Gettid() == syscall.Getpid() {
		done := make(chan struct{})
		go func() { defer close(done); onThread(f) }()
		<-done
		runtime.UnlockOSThread()
		return
	}
	f()
}

// trace is the life of the tracer.
func (s *Stopped) trace(pid int, most time.Duration, failed chan<- error) {
	t := &tracer{pid: pid, pending: map[int]syscall.Signal{}}
	s.since = time.Now()
	if err := t.halt(s.since.Add(haltWait)); err != nil {
		t.detach()
		failed <- err
		return
	}
	s.Threads = t.registers()
	failed <- nil
	end := ending{}
	select {
	case <-s.release:
	case <-time.After(most):
		end.err = fmt.Errorf("%w (%v)", errTooLong, most)
	}
	if t.detach() == 0 {
		end.err = errDied
	}
	end.took = time.Since(s.since)
	s.ended <- end
}

// process is what /proc says of one.
type process struct {
	state  string
	parent int
}

func stat(pid, tid int) (process, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/stat", pid, tid))
	if err != nil {
		return process{}, err
	}
	text := string(b)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 2 {
		return process{}, fmt.Errorf("/proc says %.40q of it", text)
	}
	parent, err := strconv.Atoi(fields[1])
	return process{fields[0], parent}, err
}

// ended tells whether a thread is no more, or all but.
func ended(pid, tid int) bool {
	p, err := stat(pid, tid)
	return err != nil || p.state == "Z" || p.state == "X"
}

// tasks returns the IDs of a process's threads.
func tasks(pid int) ([]int, error) {
	names, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return nil, err
	}
	var ids []int
	for _, n := range names {
		if id, err := strconv.Atoi(n.Name()); err == nil {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
