package container

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// guard removes what this process owns when a signal ends it. It has a handler in
// place only while something of ours lives.
var guard = &keeper{clean: removeOwn, pass: resend}

type keeper struct {
	clean func(context.Context)           // removes everything
	pass  func(chan os.Signal, os.Signal) // lets a signal through

	mu      sync.Mutex
	live    int
	signals chan os.Signal
	quit    chan struct{}
	ending  bool
}

// enter says that something of ours is about to be made.
func (k *keeper) enter() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ending {
		return errInterrupted
	}
	k.live++
	if k.live > 1 {
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

// leave says that it is gone.
func (k *keeper) leave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.live--
	if k.live == 0 && !k.ending {
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
	k.mu.Lock()
	k.ending = true
	k.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), interruptWait)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		k.clean(ctx)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	case sig = <-signals:
	}
	k.pass(signals, sig)
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

// removeOwn removes every container, image and temporary folder of this process,
// also those whose making is under way: it looks again until it finds nothing that it
// can remove. It has a connection of its own.
func removeOwn(ctx context.Context) {
	own := self()
	removeTemp(os.TempDir(), func(o owner) bool { return o.Run == own.Run })
	eng, err := dial(ctx)
	if err != nil {
		return
	}
	defer eng.Close()
	for ctx.Err() == nil {
		if n, _ := eng.removeOwned(ctx, func(o owner, _ string) bool { return o.Run == own.Run }); n == 0 {
			return
		}
	}
}
