package container

import (
	"context"
	"errors"
	"time"

	"github.com/testcontainers/testcontainers-go"
)

// Stop ends the watch and, if the container is ours, removes it by force with its
// volumes and the image that was built for it. It does so although ctx has ended. It
// may be called more than once, and by several goroutines.
func (c *Container) Stop(ctx context.Context) error {
	c.stopping.Lock()
	defer c.stopping.Unlock()
	if c.stopped {
		return nil
	}
	if c.watch != nil {
		c.watch.stop()
	}
	if c.item != "" {
		if err := c.remove(ctx); err != nil {
			return err
		}
		guard.leave()
	}
	c.stopped = true
	return c.eng.Close()
}

// remove removes the container and what else this item's label is on.
func (c *Container) remove(ctx context.Context) error {
	c.terminate(ctx)
	if c.id == "" {
		return c.removeStray(ctx)
	}
	if err := c.eng.removeContainer(ctx, c.id); err != nil {
		return err
	}
	if c.image.built {
		return c.eng.removeImage(ctx, c.image.ref)
	}
	return nil
}

// removeStray removes what a Start made that failed half-way. A call that was given
// up may still make something: that shows a moment later.
func (c *Container) removeStray(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeWait)
	defer cancel()
	mine := func(o owner, item string) bool { return o.Run == self().Run && item == c.item }
	_, err := c.eng.removeOwned(ctx, mine)
	if c.gaveUp {
		_ = sleep(ctx, retryWait)
		_, err = c.eng.removeOwned(ctx, mine)
	}
	return err
}

// terminate lets testcontainers undo what options of the user have set up (log
// consumers, forwarded ports, hooks, its connection to Ryuk). What it fails to do to
// the container itself is done after it.
func (c *Container) terminate(ctx context.Context) {
	if c.ctr == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeWait)
	defer cancel()
	_ = c.ctr.Terminate(ctx, testcontainers.StopTimeout(0))
}

var errInterrupted = errors.New("start container: the process is being interrupted")

// interruptWait bounds what is done between a signal and the process's end.
const interruptWait = 5 * time.Second
