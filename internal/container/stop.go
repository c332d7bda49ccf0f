package container

import (
	"context"
	"os"

	"github.com/testcontainers/testcontainers-go"

	"github.com/memgate/memgate/internal/owner"
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
		cleaner.Leave()
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
	mine := func(o owner.Owner, item string) bool { return o.Run == owner.Self().Run && item == c.item }
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

// cleaner removes what is left of this process when a signal ends it.
var cleaner = &owner.Cleaner{Clean: removeOwn}

// removeOwn removes every container, image and temporary folder of this process,
// also those whose making is under way: it looks again until it finds nothing that it
// can remove. It has a connection of its own.
func removeOwn(ctx context.Context) {
	own := owner.Self()
	owner.RemoveTemp(os.TempDir(), func(o owner.Owner) bool { return o.Run == own.Run })
	eng, err := dial(ctx)
	if err != nil {
		return
	}
	defer eng.Close()
	for ctx.Err() == nil {
		if n, _ := eng.removeOwned(ctx, func(o owner.Owner, _ string) bool { return o.Run == own.Run }); n == 0 {
			return
		}
	}
}
