package process

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

const executable = "" // ending of a program's file name

// live starts the process, tells how that went, and waits for its end. It keeps one
// thread for that: the kernel sends a child its death signal when the thread that
// started it ends, and on cgroup v1 the thread takes the child into its group. The
// thread ends with the goroutine.
func (p *Process) live(started chan<- error) {
	runtime.LockOSThread()
	if syscall.Gettid() == syscall.Getpid() {
		// The group of the main thread is the whole process's, as far as memory goes.
		defer runtime.UnlockOSThread()
		go p.live(started)
		<-p.done
		return
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	start := p.cmd.Start
	if p.group != nil {
		start = func() error { return p.group.start(p.cmd) }
	}
	if err := start(); err != nil {
		close(p.done)
		started <- err
		return
	}
	started <- nil
	_ = p.cmd.Wait()
	p.finished()
}

// killProcessGroup ends the process and those of its children that stayed with it.
func killProcessGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// exitCode is that of a shell: 128 and the number of the signal that killed it.
func exitCode(s *os.ProcessState) int {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal())
	}
	return s.ExitCode()
}
