package container

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"github.com/memgate/memgate/internal/owner"
)

// removeWait bounds one try to remove something.
const removeWait = 10 * time.Second

// removeContainer removes a container by force, with its volumes. That it is gone
// already is success. It does not heed ctx's end: clean-up runs when others gave up.
func (e *engine) removeContainer(ctx context.Context, id string) error {
	err := twice(ctx, func(ctx context.Context) error {
		_, err := e.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		if errdefs.IsConflict(err) { // somebody else is at it: wait for them
			return e.awaitGone(ctx, id)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("remove container %.12s: %w: docker rm -f -v %.12s", id, err, id)
	}
	return nil
}

func (e *engine) awaitGone(ctx context.Context, id string) error {
	for {
		if _, err := e.ContainerInspect(ctx, id, client.ContainerInspectOptions{}); err != nil {
			return err
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("it is being removed, but does not go: %w", err)
		}
	}
}

// removeImage removes an image that was built for a container.
func (e *engine) removeImage(ctx context.Context, ref string) error {
	err := twice(ctx, func(ctx context.Context) error {
		_, err := e.ImageRemove(ctx, ref, client.ImageRemoveOptions{Force: true, PruneChildren: true})
		return err
	})
	if err != nil {
		return fmt.Errorf("remove image %s: %w: docker rmi -f %s", ref, err, ref)
	}
	return nil
}

// twice tries to remove, and tries once more; "not found" is what it wants to hear.
func twice(ctx context.Context, remove func(context.Context) error) error {
	try := func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeWait)
		defer cancel()
		if err := remove(ctx); !errdefs.IsNotFound(err) {
			return err
		}
		return nil
	}
	if err := try(); err == nil {
		return nil
	}
	return try()
}

// label is on everything of ours, with all that there is to say in its value: the
// engine's builder takes a step, and up to a second, for every label.
const label = "dev.memgate.owner"

// labels of an item of this process's: what one Start makes.
func labels(item string) map[string]string { return map[string]string{label: owner.Self().Words(item)} }

// labelled returns the containers and images that carry our label, with all their labels.
func (e *engine) labelled(ctx context.Context) (containers, images map[string]map[string]string, err error) {
	filter := make(client.Filters).Add("label", label)
	cs, err := e.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filter})
	if err != nil {
		return nil, nil, fmt.Errorf("list containers of label %s: %w", label, err)
	}
	is, err := e.ImageList(ctx, client.ImageListOptions{Filters: filter})
	if err != nil {
		return nil, nil, fmt.Errorf("list images of label %s: %w", label, err)
	}
	containers, images = map[string]map[string]string{}, map[string]map[string]string{}
	for _, c := range cs.Items {
		containers[c.ID] = c.Labels
	}
	for _, i := range is.Items {
		images[i.ID] = i.Labels
	}
	return containers, images, nil
}

// removeOwned removes the containers, then the images, whose owner and item suit. It
// reports how many are gone.
func (e *engine) removeOwned(ctx context.Context, suits func(o owner.Owner, item string) bool) (int, error) {
	containers, images, err := e.labelled(ctx)
	if err != nil {
		return 0, err
	}
	var tally tally
	tally.each(containers, suits, func(id string) error { return e.removeContainer(ctx, id) })
	tally.each(images, suits, func(id string) error { return e.removeImage(ctx, id) })
	return tally.removed, errors.Join(tally.errs...)
}

// tally counts removals.
type tally struct {
	mu      sync.Mutex
	removed int
	errs    []error
}

// each removes all items whose labels suit at the same time.
func (t *tally) each(items map[string]map[string]string, suits func(owner.Owner, string) bool, remove func(id string) error) {
	var all sync.WaitGroup
	for id, labels := range items {
		if !suits(owner.Parse(labels[label])) {
			continue
		}
		all.Go(func() {
			err := remove(id)
			t.mu.Lock()
			defer t.mu.Unlock()
			if err != nil {
				t.errs = append(t.errs, err)
			} else {
				t.removed++
			}
		})
	}
	all.Wait()
}

// sleep waits, or returns ctx's error if that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
