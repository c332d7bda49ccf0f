package process

import (
	"runtime"
	"syscall"
)

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
	p.run(start, started)
}
