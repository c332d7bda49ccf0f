package container

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/moby/moby/client"

	"github.com/memgate/memgate/internal/ready"
)

const (
	readyEvery = 25 * time.Millisecond
	probeWait  = 5 * time.Second // for one answer
)

// awaitReady polls until the target answers on one of the routes, and returns that
// one. It gives up when the time is over or the container ends.
func (c *Container) awaitReady(ctx context.Context, routes []route) (route, error) {
	asked := ctx
	ctx, cancel := context.WithTimeout(ctx, c.spec.readyWait())
	defer cancel()
	go func() { // a dead container's address answers nothing, not even "refused"
		select {
		case <-c.watch.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	tries := make([]error, len(routes))
	for {
		for i, r := range routes {
			err := c.probe(ctx, r)
			if err == nil {
				return r, nil
			}
			if ctx.Err() == nil || tries[i] == nil { // what was cut off says nothing
				tries[i] = err
			}
		}
		if sleep(ctx, readyEvery) != nil {
			return route{}, c.whyNotReady(asked, routes, tries)
		}
	}
}

// whyNotReady returns the error that waiting ends with. Ctx is the caller's.
func (c *Container) whyNotReady(ctx context.Context, routes []route, tries []error) error {
	select {
	case <-c.watch.done:
		exit := c.watch.exit
		return fmt.Errorf("wait for target: before it was ready, it %w; its last log lines:\n%s\nmake it run by docker run first", exit, exit.Logs)
	default:
	}
	if ctx.Err() != nil {
		return fmt.Errorf("wait for target: %w", context.Cause(ctx))
	}
	return c.notReady(ctx, routes, tries)
}

// probe asks once whether the target is ready.
func (c *Container) probe(ctx context.Context, r route) error {
	ctx, cancel := context.WithTimeout(ctx, probeWait)
	defer cancel()
	if c.spec.ReadyPath == "" {
		return ready.TCP(ctx, r.addr(c.spec.Port))
	}
	return ready.HTTP(ctx, "http://"+r.addr(c.spec.Port)+c.spec.ReadyPath)
}

// notReady says what was tried and what is known of the container.
func (c *Container) notReady(ctx context.Context, routes []route, tries []error) error {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	var said strings.Builder
	fmt.Fprintf(&said, "wait for target: not ready within %s", c.spec.readyWait())
	tried := map[string]bool{}
	for i, r := range routes {
		fmt.Fprintf(&said, "\n  tried %s (%s): %v", r.addr(c.spec.Port), r.how, tries[i])
		tried[r.addr(c.spec.Port)] = true
	}
	state, others := c.elsewhere(ctx)
	for _, r := range others {
		if !tried[r.addr(c.spec.Port)] {
			fmt.Fprintf(&said, "\n  tried %s too (%s): %s", r.addr(c.spec.Port), r.how, orAnswers(c.probe(ctx, r)))
		}
	}
	logs, err := c.eng.logs(ctx, c.id, exitLogLines)
	if err != nil {
		logs = err.Error()
	}
	fmt.Fprintf(&said, "\ncontainer %.12s is %s; its last log lines:\n%s\n", c.id, state, logs)
	fmt.Fprintf(&said, "let it listen on port %d of all interfaces (0.0.0.0), check the ready path, or give it longer; if only the host is wrong, set %s to the one where published ports are",
		c.spec.Port, hostOverride)
	return errors.New(said.String())
}

// elsewhere returns the container's state and the places where it might be, for a
// diagnosis: load goes to none of them.
func (c *Container) elsewhere(ctx context.Context) (string, []route) {
	res, err := c.eng.ContainerInspect(ctx, c.id, client.ContainerInspectOptions{})
	if err != nil || res.Container.State == nil {
		return fmt.Sprintf("in an unknown state (%v)", err), nil
	}
	var all []route
	if ports := publishedPorts(res.Container, []int{c.spec.Port}); len(ports) > 0 {
		all = append(all, route{host: "127.0.0.1", ports: ports, how: "loopback"})
	}
	if c.place.local {
		for _, ip := range networkIPs(res.Container) {
			all = append(all, route{host: ip.String(), ports: map[int]int{c.spec.Port: c.spec.Port}, how: "container's IP"})
		}
	}
	return string(res.Container.State.Status), all
}

func orAnswers(err error) string {
	if err == nil {
		return "it answers there"
	}
	return err.Error()
}
