package container

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"

	"github.com/memgate/memgate/memtest/target"
)

// Container is a running container that a run loads and watches.
type Container struct {
	eng   *engine
	spec  Spec
	place place
	item  string // labels what is ours; "" if the container is the user's
	image image
	ctr   *testcontainers.DockerContainer // ours; nil if it is the user's
	id    string
	watch *watch
	route route
	info  Info
	env   []string // "NAME=value", never shown

	gaveUp   bool // the caller's context ended while the engine was at work
	stopping sync.Mutex
	stopped  bool
}

// Start makes the image where that is to be done, starts a container of it and waits
// until it is ready. When it returns an error, nothing is left of its work.
//
// Errors: an *Unavailable if no engine answers; else what is wrong with the Spec, the
// build, the image, the limits or the target, with the remedy.
func Start(ctx context.Context, s Spec) (*Container, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	c, err := open(ctx, s)
	if err != nil {
		return nil, err
	}
	sweepOnce(ctx, c.eng)
	if err := cleaner.Enter(); err != nil {
		return nil, errors.Join(fmt.Errorf("start container: %w", err), c.eng.Close())
	}
	c.item = strings.ToLower(rand.Text())
	if err := c.launch(ctx); err != nil {
		c.gaveUp = ctx.Err() != nil
		return nil, errors.Join(err, c.Stop(ctx))
	}
	return c, nil
}

// Adopt watches a container that the user has started: it is never stopped or
// removed here. Of the Spec it heeds the ports, the readiness and AllowHost.
func Adopt(ctx context.Context, user testcontainers.Container, s Spec) (*Container, error) {
	if user == nil {
		return nil, errors.New("adopt container: there is none: start it first, and check the error of that")
	}
	if err := s.checkPorts(); err != nil {
		return nil, err
	}
	c, err := open(ctx, s)
	if err != nil {
		return nil, err
	}
	c.id = user.GetContainerID()
	var life context.Context
	c.watch, life = c.eng.newWatch(ctx, c.id)
	c.watch.follow(life)
	if err := c.meet(ctx); err != nil {
		return nil, errors.Join(err, c.Stop(ctx))
	}
	return c, nil
}

// open finds the engine, and where its ports are.
func open(ctx context.Context, s Spec) (*Container, error) {
	eng, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	p, err := locate(eng.DaemonHost(), os.Getenv)
	if err == nil {
		err = p.permit(s.AllowHost)
	}
	if err != nil {
		return nil, errors.Join(err, eng.Close())
	}
	return &Container{eng: eng, spec: s, place: p}, nil
}

// launch makes image and container, starts it and waits until it is ready.
func (c *Container) launch(ctx context.Context) error {
	img, err := c.eng.image(ctx, c.spec, c.item)
	c.image = img
	if err != nil {
		return err
	}
	req, err := request(c.spec, img, c.item, c.place.loopback())
	if err != nil {
		return err
	}
	c.info.EnvNames = names(req.Env)
	var warning string
	c.ctr, warning, err = c.eng.create(ctx, req)
	if err != nil {
		return err
	}
	if warning != "" {
		c.info.Warnings = append(c.info.Warnings, warning)
	}
	c.id = c.ctr.GetContainerID()
	var life context.Context
	c.watch, life = c.eng.newWatch(ctx, c.id)
	err = c.ctr.Start(ctx)
	c.watch.follow(life)
	if err != nil {
		return c.notStarted(ctx, err)
	}
	return c.meet(ctx)
}

// notStarted says why the engine, or one of the user's options, could not start it.
func (c *Container) notStarted(ctx context.Context, err error) error {
	logs, _ := c.eng.logs(context.WithoutCancel(ctx), c.id, exitLogLines)
	if logs != "" {
		logs = "\nits last log lines:\n" + logs
	}
	return fmt.Errorf("start container of %s: %w%s\ncheck its entry point, its limits and its options", c.image.ref, err, logs)
}

// meet waits until the target is ready and notes what the engine says of it.
func (c *Container) meet(ctx context.Context) error {
	ctr, err := c.inspect(ctx)
	if err != nil {
		return err
	}
	if err := c.describe(ctx, ctr); err != nil {
		return err
	}
	inside := []int{c.spec.Port, c.spec.pprofPort()}
	routes := c.place.routes(ctr, nearby, inside...)
	if running := ctr.State != nil && ctr.State.Running; running && (c.item == "" || len(routes) == 0) {
		if err := checkPublished(ctr, inside); err != nil {
			return err
		}
	}
	c.route, err = c.awaitReady(ctx, routes)
	return err
}

func (c *Container) inspect(ctx context.Context) (container.InspectResponse, error) {
	res, err := c.eng.ContainerInspect(ctx, c.id, client.ContainerInspectOptions{})
	if err != nil {
		return container.InspectResponse{}, fmt.Errorf("inspect container %.12s: %w", c.id, err)
	}
	return res.Container, nil
}

// URL returns where the target's Port is to be loaded, without a path.
func (c *Container) URL() string { return "http://" + c.route.addr(c.spec.Port) }

// PprofURL returns the same for PprofPort.
func (c *Container) PprofURL() string { return "http://" + c.route.addr(c.spec.pprofPort()) }

// Exited receives once, when the container has ended by itself: not by Stop.
func (c *Container) Exited() <-chan target.Exit { return c.watch.out }

// Logs returns the container's last lines on both streams, at most 16 KiB, printable.
func (c *Container) Logs(ctx context.Context, lines int) (string, error) {
	return c.eng.logs(ctx, c.id, lines)
}
