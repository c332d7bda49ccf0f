package process

import (
	"os"
	"os/exec"
)

const executable = ".exe" // ending of a program's file name

// live starts the process, tells how that went, and waits for its end.
func (p *Process) live(started chan<- error) {
	p.run(p.cmd.Start, started)
}

// killProcessGroup ends the process and its children.
func killProcessGroup(cmd *exec.Cmd) {
	for _, child := range family(cmd.Process.Pid) {
		_ = child.Kill()
	}
	_ = cmd.Process.Kill()
}

func exitCode(s *os.ProcessState) int { return s.ExitCode() }
