//go:build unix && !linux

package process

import (
	"syscall"
)

// live starts the process, tells how that went, and waits for its end.
func (p *Process) live(started chan<- error) {
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.run(p.cmd.Start, started)
}
