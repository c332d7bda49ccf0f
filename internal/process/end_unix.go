//go:build unix

package process

import (
	"os"
	"os/exec"
	"syscall"
)

const executable = "" // ending of a program's file name

// killProcessGroup ends the process and those of its children that stayed with it.
func killProcessGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// exitCode returns that of a shell: 128 and the number of the signal that killed it.
func exitCode(s *os.ProcessState) int {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal())
	}
	return s.ExitCode()
}
