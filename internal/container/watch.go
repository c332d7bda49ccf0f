package container

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/client"

	"github.com/memgate/memgate/memtest/target"
)

const (
	exitLogLines = 20
	retryWait    = 250 * time.Millisecond // between two tries to watch
	eventGrace   = 300 * time.Millisecond // how long after a SIGKILL an oom event may come
)

// watch waits for a container's end.
type watch struct {
	eng    *engine
	id     string
	cancel context.CancelFunc
	work   sync.WaitGroup

	oomOnce sync.Once
	oom     chan struct{}          // closed when the engine has told of an OOM kill
	died    atomic.Pointer[string] // the exit code of its last die event

	done chan struct{} // closed when exit is set
	exit target.Exit
	out  chan target.Exit
}

// newWatch begins to listen for OOM kills: before the container starts, or the event
// of a short life is lost.
func (e *engine) newWatch(ctx context.Context, id string) (*watch, context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	w := &watch{eng: e, id: id, cancel: cancel, oom: make(chan struct{}), done: make(chan struct{}), out: make(chan target.Exit, 1)}
	listening := make(chan struct{})
	w.work.Go(func() { w.listen(ctx, listening) })
	select {
	case <-listening:
	case <-time.After(2 * retryWait): // an engine may hold its answer back until there is an event
	}
	return w, ctx
}

// follow waits for the end of the container, which has been started by now.
func (w *watch) follow(ctx context.Context) {
	w.work.Go(func() {
		exit, ended := w.await(ctx)
		if !ended {
			return
		}
		w.exit = exit
		close(w.done)
		for ended {
			select {
			case w.out <- exit:
			case <-ctx.Done():
				return
			}
			if !exit.Revived {
				return
			}
			exit, ended = w.awaitNext(ctx)
		}
	})
}

// stop ends the watch and returns when nothing of it runs any more.
func (w *watch) stop() {
	w.cancel()
	w.work.Wait()
}

// listen hears the engine's oom and die events until ctx ends.
func (w *watch) listen(ctx context.Context, listening chan<- struct{}) {
	filter := make(client.Filters).Add("type", "container").Add("container", w.id).Add("event", "oom", "die")
	for ctx.Err() == nil {
		res := w.eng.Events(ctx, client.EventsListOptions{Filters: filter})
		if listening != nil {
			close(listening)
			listening = nil
		}
		for open := true; open; {
			select {
			case m := <-res.Messages:
				w.hear(m)
			case <-res.Err: //nolint:errcheck // whatever it is, the stream has ended and is asked for again
				open = false
			}
		}
		_ = sleep(ctx, retryWait)
	}
}

func (w *watch) hear(m events.Message) {
	switch m.Action {
	case events.ActionOOM:
		w.oomOnce.Do(func() { close(w.oom) })
	case events.ActionDie:
		code := m.Actor.Attributes["exitCode"]
		w.died.Store(&code)
	}
}

// await returns how the container ended, or false when ctx did.
func (w *watch) await(ctx context.Context) (target.Exit, bool) {
	for ctx.Err() == nil {
		res := w.eng.ContainerWait(ctx, w.id, client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
		// One of the two answers for certain, and both must be heard: the client's
		// goroutine would wait for ever with a result that nobody takes.
		select {
		case r := <-res.Result:
			if ctx.Err() != nil {
				return target.Exit{}, false
			}
			return w.explain(ctx, int(r.StatusCode)), true
		case err := <-res.Error:
			if errdefs.IsNotFound(err) && ctx.Err() == nil {
				return target.Exit{Code: -1, Witness: "somebody removed the container"}, true
			}
		}
		_ = sleep(ctx, retryWait) // the engine may come back, with the container dead or alive
	}
	return target.Exit{}, false
}

// awaitNext waits until the container runs again and has ended again.
func (w *watch) awaitNext(ctx context.Context) (target.Exit, bool) {
	for sleep(ctx, retryWait) == nil {
		ctr, err := w.eng.ContainerInspect(ctx, w.id, client.ContainerInspectOptions{})
		switch {
		case err == nil && lifeOf(ctr.Container) == over && ctr.Container.State != nil:
			return w.explain(ctx, ctr.Container.State.ExitCode), true // it was a short life
		case err == nil && lifeOf(ctr.Container) == runs, errdefs.IsNotFound(err):
			return w.await(ctx)
		}
	}
	return target.Exit{}, false
}

// explain finds out why a container ended.
func (w *watch) explain(ctx context.Context, code int) target.Exit {
	exit := target.Exit{Code: code}
	ask, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	ctr, err := w.eng.ContainerInspect(ask, w.id, client.ContainerInspectOptions{})
	exit.Revived = err == nil && revived(ctr.Container)
	switch {
	case err != nil:
		exit.Witness = fmt.Sprintf("inspect failed: %v", err)
	case ctr.Container.State == nil:
	case ctr.Container.State.OOMKilled:
		exit.OOMKilled, exit.Witness = true, "inspect"
	case exit.Revived:
		exit.Witness = "its restart policy revived it: a target that is judged must not have one"
		exit.Code = w.codeOfDeath() // the one that was waited for may be the new life's, which is 0
	}
	if w.sawOOM(ask, code) {
		exit.OOMKilled = true
		if exit.Witness == "inspect" {
			exit.Witness = "inspect, oom event"
		} else {
			exit.Witness = "oom event"
		}
	}
	exit.Logs, _ = w.eng.logs(ask, w.id, exitLogLines)
	return exit
}

// codeOfDeath returns the exit code that the engine told when the container died; -1 if it
// has not told.
func (w *watch) codeOfDeath() int {
	if said := w.died.Load(); said != nil {
		if code, err := strconv.Atoi(*said); err == nil {
			return code
		}
	}
	return -1
}

// sawOOM reports whether the engine told of an OOM kill, which may come a moment
// after the death that it caused.
func (w *watch) sawOOM(ctx context.Context, code int) bool {
	grace := eventGrace
	if code != 137 {
		grace = 0
	}
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	select {
	case <-w.oom:
		return true
	default:
	}
	select {
	case <-w.oom:
		return true
	case <-ctx.Done():
		return false
	}
}
