package golang

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/memgate/memgate/internal/holders"
	"github.com/memgate/memgate/profile"
)

// way reads a heap, from where that is permitted.
type way interface {
	paths(ctx context.Context) (*profile.Paths, error)
	close(ctx context.Context) error
}

// direct reads the heap of a process that this one may look into.
type direct struct{ reader *holders.Reader }

func (d direct) paths(context.Context) (*profile.Paths, error) { return d.reader.Snapshot() }
func (d direct) close(context.Context) error                   { return d.reader.Close() }

// companion reads it from beside the target.
type companion struct{ program Companion }

// readerPackage is what runs there.
const readerPackage = "github.com/memgate/memgate/internal/holders/reader"

func (c companion) paths(ctx context.Context) (*profile.Paths, error) {
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

// walker reads a heap from this process where that is permitted, and else from beside the
// target, where that can be done.
type walker struct {
	pid    func(context.Context) (int, error)
	beside func(context.Context, string) (Companion, error)
	way    way
}

var errNowhere = errors.New("the program's process is not known: its heap cannot be read from outside")

func (w *walker) paths(ctx context.Context) (*profile.Paths, error) {
	if w.pid == nil {
		return nil, errNowhere
	}
	var err error
	if w.way == nil {
		w.way, err = w.openDirect(ctx)
	}
	if err == nil {
		var p *profile.Paths
		p, err = w.way.paths(ctx)
		if err == nil || !errors.Is(err, fs.ErrPermission) {
			return p, err
		}
	}
	if _, there := w.way.(companion); there || w.beside == nil || !errors.Is(err, fs.ErrPermission) {
		return nil, err
	}
	if err := w.openBeside(ctx, err); err != nil {
		return nil, err
	}
	return w.way.paths(ctx)
}

// openDirect fails with fs.ErrPermission where another way may be open.
func (w *walker) openDirect(ctx context.Context) (way, error) {
	pid, err := w.pid(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", fs.ErrPermission, err) // its number means nothing here
	}
	r, err := holders.Open(pid, holders.Limits{})
	if err != nil {
		return nil, err
	}
	return direct{r}, nil
}

func (w *walker) openBeside(ctx context.Context, why error) error {
	program, err := w.beside(ctx, readerPackage)
	if err != nil {
		return fmt.Errorf("this process may not look into the target (%w), and no reader could be put beside it: %w", why, err)
	}
	if w.way != nil {
		_ = w.way.close(ctx)
	}
	w.way = companion{program}
	return nil
}

func (w *walker) close(ctx context.Context) error {
	if w.way == nil {
		return nil
	}
	return w.way.close(ctx)
}
