package container

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/memgate/memgate/internal/text"
)

// mostOutput of a program beside the target, in bytes.
const mostOutput = 64 << 20

// Companion is a program of ours that runs beside the target: in its PID namespace, in
// an image of its own FROM scratch, without network and with nothing that it could
// write to.
type Companion struct {
	c   *Container
	img image
}

// Companion compiles a Go main package and makes an image of it. Stop removes it.
func (c *Container) Companion(ctx context.Context, goPackage string) (*Companion, error) {
	item := strings.ToLower(rand.Text())
	img, err := c.eng.image(ctx, Spec{GoPackage: goPackage, Dir: c.spec.Dir}, item)
	if err != nil {
		return nil, err
	}
	return &Companion{c, img}, nil
}

// Stop removes the image.
func (p *Companion) Stop(ctx context.Context) error { return p.c.eng.removeImage(ctx, p.img.ref) }

// Run starts the program beside the target, waits for its end and returns what it wrote
// to its standard output. The engine keeps no log of it. Where it fails, its last words
// are the error.
func (p *Companion) Run(ctx context.Context, args ...string) (_ []byte, err error) {
	eng := p.c.eng
	made, err := eng.ContainerCreate(ctx, client.ContainerCreateOptions{
		Config: &container.Config{
			Image: p.img.ref, Cmd: args, AttachStdout: true, AttachStderr: true, User: "0",
			Labels: labels(strings.ToLower(rand.Text())),
		},
		HostConfig: companionHost(p.c.id),
	})
	if err != nil {
		return nil, fmt.Errorf("create a container beside the target: %w", err)
	}
	defer func() { err = errors.Join(err, eng.removeContainer(ctx, made.ID)) }()
	stream, err := eng.ContainerAttach(ctx, made.ID, client.ContainerAttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return nil, fmt.Errorf("listen to the container beside the target: %w", err)
	}
	defer stream.Close()
	stop := context.AfterFunc(ctx, stream.Close)
	defer stop()
	if _, err := eng.ContainerStart(ctx, made.ID, client.ContainerStartOptions{}); err != nil {
		return nil, fmt.Errorf("start a container beside the target: %w", err)
	}
	var out bytes.Buffer
	words := &text.Tail{Max: logBytes}
	if _, err := stdcopy.StdCopy(&out, words, io.LimitReader(stream.Reader, mostOutput)); err != nil {
		return nil, fmt.Errorf("listen to the container beside the target: %w", errors.Join(err, ctx.Err()))
	}
	if out.Len() == 0 {
		return nil, errors.New(strings.TrimSpace(text.LastLines(words.String(), 1)))
	}
	return out.Bytes(), nil
}

// companionHost lets a container look at the target's processes, as a debugger does,
// and at nothing else.
func companionHost(target string) *container.HostConfig {
	return &container.HostConfig{
		PidMode:        container.PidMode("container:" + target),
		NetworkMode:    "none",
		CapDrop:        []string{"ALL"},
		CapAdd:         []string{"SYS_PTRACE", "DAC_READ_SEARCH"},
		ReadonlyRootfs: true,
		LogConfig:      container.LogConfig{Type: "none"},
	}
}
