package memtest

import (
	"context"
	"errors"
	"time"

	"github.com/testcontainers/testcontainers-go"

	"github.com/memgate/memgate/internal/container"
	"github.com/memgate/memgate/memtest/target"
)

// Container is a Target that is there already: a container that the test started with
// testcontainers, alone or beside its database. It is loaded and watched, and left as
// it is: stopping it is its owner's business.
type Container struct {
	Running testcontainers.Container // required

	Port      int           // TCP port in the container that is loaded; it must be published; required
	Ready     string        // as in Image
	ReadyWait time.Duration // as in Image
	Pprof     string        // as in Image; a port of its own must be published too
	HeapURL   string        // as in Image; a port of its own must be published too
	AllowHost bool          // as in Image
	Source    string        // as in Image

	_ struct{}
}

var _ target.Target = Container{}

// Start waits until the container is ready.
func (t Container) Start(ctx context.Context) (*target.Instance, error) {
	if t.Running == nil {
		return nil, errors.New("container target has no Running container: set one that testcontainers has started")
	}
	spec := container.Spec{
		Port: t.Port, ReadyPath: t.Ready, ReadyWait: t.ReadyWait, AllowHost: t.AllowHost, Source: t.Source,
	}
	if err := profilesOf(&spec, t.Pprof, t.HeapURL); err != nil {
		return nil, err
	}
	c, err := container.Adopt(ctx, t.Running, spec)
	if err != nil {
		return nil, err
	}
	inst, err := c.Instance(ctx)
	if err != nil {
		return nil, errors.Join(err, c.Stop(context.WithoutCancel(ctx)))
	}
	return inst, nil
}
