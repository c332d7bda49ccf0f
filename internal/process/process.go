package process

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/memgate/memgate/internal/gobuild"
	"github.com/memgate/memgate/internal/owner"
	"github.com/memgate/memgate/internal/text"
	"github.com/memgate/memgate/memtest/target"
)

// Process is a running child process that a run loads and watches.
type Process struct {
	spec   Spec
	item   string // marks it and its children
	temp   string // holds the program where it was built here; "" if not
	port   int
	group  *group // nil where none could be made
	why    error  // why there is no group
	cmd    *exec.Cmd
	said   *log
	info   Info
	done   chan struct{} // closed when exit is set
	exit   target.Exit
	exited chan target.Exit

	ending   atomic.Bool // Stop is at work: it does not end by itself
	stopping sync.Mutex
	stopped  bool
}

// Info is what is known of the process since it started.
type Info struct {
	PID       int
	GoVersion string // of the target, where it was compiled here
	Group     string // folder of its control group; "" if it has none
	Cgroup    string // "v1", "v2"; "" if it has no group
	Why       string // why it has no group
}

// cleaner ends what is left of this process when a signal ends it.
var cleaner = &owner.Cleaner{Clean: func(context.Context) {
	own := owner.Self().Run
	removeOwned(func(o owner.Owner, _ string) bool { return o.Run == own })
	owner.RemoveTemp(os.TempDir(), func(o owner.Owner) bool { return o.Run == own })
}}

// Start builds the program where that is to be done, starts it and waits until it is
// ready. When it returns an error, nothing is left of its work.
func Start(ctx context.Context, s Spec) (*Process, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	sweepOnce()
	if err := cleaner.Enter(); err != nil {
		return nil, fmt.Errorf("start process: %w", err)
	}
	p := &Process{
		spec: s, item: strings.ToLower(rand.Text()), said: &log{tail: text.Tail{Max: logBytes}},
		done: make(chan struct{}), exited: make(chan target.Exit, 1),
	}
	if err := p.launch(ctx); err != nil {
		return nil, errors.Join(err, p.Stop(ctx))
	}
	return p, nil
}

func (p *Process) launch(ctx context.Context) error {
	program, err := p.build(ctx)
	if err != nil {
		return err
	}
	if err := p.confine(); err != nil {
		return err
	}
	if p.port, err = freePort(); err != nil {
		return err
	}
	args := p.spec.arguments(program, p.port)
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Dir, p.cmd.Env = p.spec.Dir, p.environ()
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	p.cmd.WaitDelay = time.Second // a child that outlives it may hold its output open
	started := make(chan error)
	go p.live(started)
	if err := <-started; err != nil {
		p.cmd = nil
		return fmt.Errorf("start process: %w: check that the program can be run", err)
	}
	p.info.PID = p.cmd.Process.Pid
	return p.awaitReady(ctx)
}

// build compiles the Go package, if there is one.
func (p *Process) build(ctx context.Context) (program string, err error) {
	if p.spec.GoPackage == "" {
		return "", nil
	}
	p.temp, err = os.MkdirTemp("", owner.Self().TempPattern())
	if err != nil {
		return "", fmt.Errorf("build Go package %q: %w: set TMPDIR to a folder that can be written", p.spec.GoPackage, err)
	}
	program = filepath.Join(p.temp, "target"+executable)
	p.info.GoVersion, err = gobuild.Compile(ctx, p.spec.Dir, p.spec.GoPackage, program)
	return program, err
}

// confine makes the control group, if it can be made and is wanted. A limit without
// one is an error: nothing would enforce it.
func (p *Process) confine() error {
	p.group, p.why = nil, errors.New("it was asked for")
	if p.spec.Source != Proc {
		p.group, p.why = newGroup(p.item)
	}
	if p.group == nil {
		p.info.Why = p.why.Error()
		if p.spec.Memory > 0 {
			return fmt.Errorf("limit process: a memory limit of %d B cannot be enforced without a control group, and there is none: %w: run the test as a user who may make one (root, or systemd-run --user --scope -p Delegate=yes go test), use a container, or leave the limit out", p.spec.Memory, p.why)
		}
		if p.spec.Source == Files {
			return fmt.Errorf("start process: its memory cannot be read from files of a control group: %w", p.why)
		}
		return nil
	}
	p.info.Group, p.info.Cgroup = p.group.dir, "v"+strconv.Itoa(p.group.version)
	return p.group.limit(p.spec.Memory, p.spec.Swap)
}

// marker is the variable by which a process is known as a target's, and whose it is:
// its children inherit it, wherever they go.
const marker = "MEMGATE_OWNER"

func (p *Process) environ() []string {
	env := os.Environ()
	for name, value := range p.spec.Env {
		env = append(env, name+"="+value)
	}
	return append(env, "PORT="+strconv.Itoa(p.port), marker+"="+owner.Self().Words(p.item))
}

// freePort returns a loopback port that nobody listens on. Somebody may take it before the
// child does, which is then not ready and says why.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find free loopback port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// URL returns where the target is to be loaded, without a path.
func (p *Process) URL() string { return "http://127.0.0.1:" + strconv.Itoa(p.port) }

// Info returns what is known of the process since it started.
func (p *Process) Info() Info { return p.info }

// Exited receives once, when the process has ended by itself: not by Stop.
func (p *Process) Exited() <-chan target.Exit { return p.exited }

// run starts the process, tells how that went, and waits for its end.
func (p *Process) run(start func() error, started chan<- error) {
	if err := start(); err != nil {
		close(p.done)
		started <- err
		return
	}
	started <- nil
	_ = p.cmd.Wait()
	p.finished()
}

// finished is told how the process ended, and ends its children.
func (p *Process) finished() {
	p.exit = target.Exit{Code: exitCode(p.cmd.ProcessState)}
	if p.group != nil {
		if n := p.group.oomKills(); n > 0 {
			p.exit.OOMKilled, p.exit.Witness = true, fmt.Sprintf("oom_kill 0 → %d", n)
		}
	}
	p.kill()
	p.exit.Logs = p.said.lines()
	close(p.done)
	if !p.ending.Load() {
		p.exited <- p.exit
	}
}

// kill ends the process and its children: those in its process group, in its control
// group, and those that have left both.
func (p *Process) kill() {
	killProcessGroup(p.cmd)
	if p.group != nil {
		p.group.kill()
	}
	removeMarked(func(_ owner.Owner, item string) bool { return item == p.item })
}

// end ends the process, if it has not ended yet, and waits until it is no more.
func (p *Process) end() {
	if p.cmd == nil {
		return
	}
	select {
	case <-p.done: // its number may be another's by now
	default:
		p.kill()
		<-p.done
	}
}

// Stop ends the process with its children and removes its group and its program. It
// may be called more than once, and by several goroutines.
func (p *Process) Stop(context.Context) error {
	p.stopping.Lock()
	defer p.stopping.Unlock()
	if p.stopped {
		return nil
	}
	var failed error
	p.ending.Store(true)
	p.end()
	if p.group != nil {
		failed = p.group.remove()
	}
	if p.temp != "" {
		failed = errors.Join(failed, os.RemoveAll(p.temp))
	}
	p.stopped = true
	cleaner.Leave()
	return failed
}
