package process

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/memgate/memgate/internal/ready"
)

const (
	readyEvery = 25 * time.Millisecond
	probeWait  = 5 * time.Second // for one answer
)

// awaitReady polls until the target answers. It gives up when the time is over or the
// process ends.
func (p *Process) awaitReady(ctx context.Context) error {
	over := time.NewTimer(p.spec.readyWait())
	defer over.Stop()
	poll := time.NewTicker(readyEvery)
	defer poll.Stop()
	for {
		err := p.probe(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("wait for target: before it was ready, it %w; its last log lines:\n%s\nmake it run on a port of PORT or {port} first", p.exit, p.exit.Logs)
		case <-ctx.Done():
			return fmt.Errorf("wait for target: %w", context.Cause(ctx))
		case <-over.C:
			return fmt.Errorf("wait for target: not ready at 127.0.0.1:%d within %s: %w; its last log lines:\n%s\nlet it listen on the port that PORT in its environment (or {port} in its arguments) names, check the ready path, or give it longer",
				p.port, p.spec.readyWait(), err, p.said.lines())
		case <-poll.C:
		}
	}
}

// probe asks once whether the target is ready.
func (p *Process) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeWait)
	defer cancel()
	if p.spec.ReadyPath == "" {
		return ready.TCP(ctx, "127.0.0.1:"+strconv.Itoa(p.port))
	}
	return ready.HTTP(ctx, p.URL()+p.spec.ReadyPath)
}
