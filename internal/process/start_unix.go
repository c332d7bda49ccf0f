//go:build unix && !linux

package process

import (
	"os"
	"os/exec"
	"syscall"
)

const executable = "" // ending of a program's file name

// live starts the process, tells how that went, and waits for its end.
func (p *Process) live(started chan<- error) {
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
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
