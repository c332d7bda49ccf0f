package freeze

import (
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// guardScript waits for a word. Where its input ends without one, whoever was to write
// it is no more, and the target must go on without being told by them.
const guardScript = `read word && exit 0; kill -CONT "$0"`

// signalled stops a child of this process by SIGSTOP.
func signalled(pid int, most time.Duration) (*Stopped, error) {
	guard, err := newGuard(pid)
	if err != nil {
		return nil, fmt.Errorf("stop process %d: it is a child of this one, and there is no shell to let it go on if this one is killed: %w", pid, err)
	}
	s := &Stopped{release: make(chan struct{}), ended: make(chan ending, 1), since: time.Now()}
	if err := halt(pid, s.since.Add(haltWait)); err != nil {
		_ = syscall.Kill(pid, syscall.SIGCONT)
		guard.dismiss()
		return nil, fmt.Errorf("stop process %d: %w", pid, err)
	}
	go func() {
		end := ending{}
		select {
		case <-s.release:
		case <-time.After(most):
			end.err = fmt.Errorf("%w (%v)", errTooLong, most)
		}
		if ended(pid, pid) || moving(pid) > 0 {
			end.err = errWoken // one that is being killed moves for a while
		}
		_ = syscall.Kill(pid, syscall.SIGCONT)
		end.took = time.Since(s.since)
		guard.dismiss()
		s.ended <- end
	}()
	return s, nil
}

// halt sends SIGSTOP and waits until every thread has heeded it.
func halt(pid int, until time.Time) error {
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return err
	}
	for {
		moving := moving(pid)
		switch {
		case ended(pid, pid):
			return errDied
		case moving == 0:
			return nil
		case time.Now().After(until):
			return fmt.Errorf("%d of its threads do not stand still within %v", moving, haltWait)
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// moving returns how many threads do not stand still.
func moving(pid int) int {
	ids, _ := tasks(pid)
	n := 0
	for _, id := range ids {
		if p, err := stat(pid, id); err == nil && p.state != "T" && p.state != "Z" && p.state != "X" {
			n++
		}
	}
	return n
}

// guard is a shell in a session of its own: what kills this process and its group
// leaves it alone.
type guard struct {
	cmd  *exec.Cmd
	word io.WriteCloser
}

func newGuard(pid int) (*guard, error) {
	cmd := exec.Command("/bin/sh", "-c", guardScript, strconv.Itoa(pid))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	word, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	return &guard{cmd, word}, nil
}

func (g *guard) dismiss() {
	_, _ = io.WriteString(g.word, "done\n")
	_ = g.word.Close()
	_ = g.cmd.Wait()
}
