package owner

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// A Cleaner removes everything of one kind that this process owns, also what is only
// being made, when a signal ends the process.
type Cleaner struct {
	Clean func(context.Context)
}

// Enter says that something of the kind is about to be made. It fails once the process
// is being interrupted.
func (c *Cleaner) Enter() error { return guard.enter(c) }

// Leave says that it is gone: once for each Enter.
func (c *Cleaner) Leave() { guard.leave(c) }

// ErrInterrupted says that a signal is ending this process.
var ErrInterrupted = errors.New("the process is being interrupted")

// InterruptWait bounds what is done between a signal and the process's end.
const InterruptWait = 5 * time.Second

// guard has a handler of signals in place only while something of ours lives. There is
// one for all kinds: two would each let the signal through when they are done, and cut
// the other short.
var guard = &keeper{pass: resend}

type keeper struct {
	pass func(chan os.Signal, os.Signal) // lets a signal through

	mu      sync.Mutex
	live    map[*Cleaner]int
	signals chan os.Signal
	quit    chan struct{}
	ending  bool
}

func (k *keeper) enter(c *Cleaner) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ending {
		return ErrInterrupted
	}
	if k.live == nil {
		k.live = map[*Cleaner]int{}
	}
	k.live[c]++
	if len(k.live) > 1 || k.live[c] > 1 {
		return nil
	}
	k.signals, k.quit = make(chan os.Signal, 2), make(chan struct{})
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		if !signal.Ignored(sig) { // as of a job in the background: it stays ignored
			signal.Notify(k.signals, sig)
		}
	}
	go k.wait(k.signals, k.quit)
	return nil
}

func (k *keeper) leave(c *Cleaner) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.live[c]--; k.live[c] == 0 {
		delete(k.live, c)
	}
	if len(k.live) == 0 && !k.ending {
		signal.Stop(k.signals)
		close(k.quit)
	}
}

// wait cleans up at the first signal and lets it through. A second one does not wait
// for the clean-up to end.
func (k *keeper) wait(signals chan os.Signal, quit chan struct{}) {
	var sig os.Signal
	select {
	case <-quit:
		return
	case sig = <-signals:
	}
	ctx, cancel := context.WithTimeout(context.Background(), InterruptWait)
	defer cancel()
	select {
	case <-k.cleaned(ctx):
	case <-ctx.Done():
	case sig = <-signals:
	}
	k.pass(signals, sig)
}

// cleaned lets nothing new be made, and is closed when all that lives is gone.
func (k *keeper) cleaned(ctx context.Context) <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ending = true
	var work sync.WaitGroup
	for c := range k.live {
		work.Go(func() { c.Clean(ctx) })
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		work.Wait()
	}()
	return done
}

// resend lets go of the signals and sends sig again: without a handler of the user's
// the process dies of it, as it would have; with one, that decides.
func resend(signals chan os.Signal, sig os.Signal) {
	signal.Stop(signals)
	me, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = me.Signal(sig)
	}
	if err != nil { // Windows cannot send signals
		os.Exit(1)
	}
}
