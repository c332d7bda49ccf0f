package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"
)

// answerWait bounds how long an engine may take to say who it is.
const answerWait = 5 * time.Second

// Unavailable says that no container engine answers.
type Unavailable struct {
	Host string // where it was looked for: DOCKER_HOST, or what else was found; "" if nothing was
	Err  error
}

func (e *Unavailable) Error() string {
	where := "at " + e.Host
	if e.Host == "" {
		where = "(DOCKER_HOST is not set)"
	}
	return fmt.Sprintf("reach container engine %s: %v: %s", where, e.Err, e.remedy())
}

func (e *Unavailable) Unwrap() error { return e.Err }

func (e *Unavailable) remedy() string {
	switch {
	case errors.Is(e.Err, fs.ErrPermission), strings.Contains(e.Err.Error(), "permission denied"):
		return "let this user use the socket (on Linux: sudo usermod -aG docker $USER, then log in again), or set DOCKER_HOST"
	case strings.Contains(e.Err.Error(), "minimum supported API version"):
		return "upgrade it to Docker 19.03 or newer, or set DOCKER_HOST to one that is"
	case errors.Is(e.Err, context.DeadlineExceeded):
		return "it is there but hangs: restart it, or set DOCKER_HOST to one that answers"
	default:
		return "start Docker (docker info must work), or set DOCKER_HOST to an engine that runs"
	}
}

// Available returns nil if a container engine answers within 5 s, and an *Unavailable
// that says what to do if none does.
func Available(ctx context.Context) error {
	eng, err := dial(ctx)
	if err != nil {
		return err
	}
	return eng.Close()
}

// engine is a connection to the container engine, with what the engine says of itself.
type engine struct {
	*client.Client
	info system.Info
}

// dial finds the engine as testcontainers does, so that both talk to the same one.
func dial(ctx context.Context) (*engine, error) {
	named := os.Getenv(dockerHost)
	if err := ping(ctx, named); err != nil {
		return nil, &Unavailable{Host: named, Err: err}
	}
	// testcontainers remembers for the life of the process what its first look for
	// an engine found. A caller who gives up must not spoil that for the others.
	look, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerWait)
	defer cancel()
	cli, err := quietClient(look)
	if err != nil {
		return nil, &Unavailable{Host: named, Err: err}
	}
	ask, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	info, err := cli.Info(ask, client.InfoOptions{})
	if err != nil {
		_ = cli.Close()
		return nil, &Unavailable{Host: cli.DaemonHost(), Err: err}
	}
	return &engine{Client: cli, info: info.Info}, nil
}

// ping asks the engine that DOCKER_HOST names whether it is there, if one is named:
// testcontainers would look elsewhere in silence, and another engine than the one
// that was asked for would be loaded.
func ping(ctx context.Context, named string) error {
	if named == "" {
		return nil
	}
	cli, err := client.New(client.FromEnv)
	if err != nil {
		return err
	}
	defer cli.Close()
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	_, err = cli.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true})
	return err
}

// quiet serialises the muting of testcontainers' log.
var quiet sync.Mutex

// quietClient keeps the banner that testcontainers prints at its first connection
// away from the test's output. It mutes the standard logger that testcontainers
// made for itself, and leaves alone one that the user has put in its place.
func quietClient(ctx context.Context) (cli *client.Client, err error) {
	quiet.Lock()
	defer quiet.Unlock()
	if own, ok := tclog.Default().(*log.Logger); ok {
		out := own.Writer()
		own.SetOutput(io.Discard)
		defer own.SetOutput(out)
	}
	// testcontainers panics where the engine dies between two of its looks at it.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("look for engine: %v", p)
		}
	}()
	wrapped, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return nil, err
	}
	return wrapped.Client, nil
}

// name returns "docker 20.10.24": the engine and its version.
func (e *engine) name(ctx context.Context) string {
	product := "docker"
	if v, err := e.ServerVersion(ctx, client.ServerVersionOptions{}); err == nil {
		for _, part := range v.Components {
			if part.Name == "Podman Engine" {
				product = "podman"
			}
		}
	}
	return product + " " + e.info.ServerVersion
}
