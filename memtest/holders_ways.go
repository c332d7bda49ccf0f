package memtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/memgate/memgate/internal/container"
	"github.com/memgate/memgate/internal/holders"
)

// direct reads the heap of a process that this one may look into.
type direct struct{ reader *holders.Reader }

func (d direct) paths(context.Context) (*holders.Paths, error) { return d.reader.Snapshot() }
func (d direct) close(context.Context) error                   { return d.reader.Close() }

// processHeap reads the heap of a child of this process, or of what that has started.
type processHeap struct {
	pid int
	way heapReader
}

func (h *processHeap) paths(ctx context.Context) (*holders.Paths, error) {
	if h.way == nil {
		r, err := holders.Open(h.pid, holders.Limits{})
		if err != nil {
			return nil, err
		}
		h.way = direct{r}
	}
	return h.way.paths(ctx)
}

func (h *processHeap) close(ctx context.Context) error {
	if h.way == nil {
		return nil
	}
	return h.way.close(ctx)
}

// companion reads it from a container beside the target's.
type companion struct{ program *container.Companion }

// readerPackage is what runs there.
const readerPackage = "github.com/memgate/memgate/internal/holders/reader"

func (c companion) paths(ctx context.Context) (*holders.Paths, error) {
	began := time.Now()
	out, err := c.program.Run(ctx)
	if err != nil {
		return nil, err
	}
	p, err := holders.Decode(out)
	if err == nil {
		p.Analysis = time.Since(began) - p.Stopped // the container's start is a part of it, each time
	}
	return p, err
}

func (c companion) close(ctx context.Context) error { return c.program.Stop(ctx) }

// containerHeap reads a container's heap from this process where that is permitted, and
// else from a container beside the target's.
type containerHeap struct {
	c   *container.Container
	way heapReader
}

func (h *containerHeap) paths(ctx context.Context) (*holders.Paths, error) {
	var err error
	if h.way == nil {
		h.way, err = h.openDirect(ctx)
	}
	if err == nil {
		var p *holders.Paths
		p, err = h.way.paths(ctx)
		if err == nil || !errors.Is(err, fs.ErrPermission) {
			return p, err
		}
	}
	if _, beside := h.way.(companion); beside || !errors.Is(err, fs.ErrPermission) {
		return nil, err
	}
	if err := h.openBeside(ctx, err); err != nil {
		return nil, err
	}
	return h.way.paths(ctx)
}

// openDirect fails with fs.ErrPermission where another way may be open.
func (h *containerHeap) openDirect(ctx context.Context) (heapReader, error) {
	pid, err := h.c.PID(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", fs.ErrPermission, err) // its number means nothing here
	}
	r, err := holders.Open(pid, holders.Limits{})
	if err != nil {
		return nil, err
	}
	return direct{r}, nil
}

func (h *containerHeap) openBeside(ctx context.Context, why error) error {
	program, err := h.c.Companion(ctx, readerPackage)
	if err != nil {
		return fmt.Errorf("this process may not look into the target (%w), and no reader could be put beside it: %w", why, err)
	}
	if h.way != nil {
		_ = h.way.close(ctx)
	}
	h.way = companion{program}
	return nil
}

func (h *containerHeap) close(ctx context.Context) error {
	if h.way == nil {
		return nil
	}
	return h.way.close(ctx)
}
