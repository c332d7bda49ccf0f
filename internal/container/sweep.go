package container

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/memgate/memgate/internal/owner"
)

// sweepWait bounds the sweep that the first Start makes.
const sweepWait = 30 * time.Second

// Sweep removes the containers, built images and temporary folders of owners that are
// provably dead on this host: processes of this boot and of this PID namespace that
// are no more. It leaves what belongs to a living one, and what it can prove nothing
// of. It reports how many items it removed.
func Sweep(ctx context.Context) (removed int, err error) {
	eng, err := dial(ctx)
	if err != nil {
		return 0, err
	}
	defer eng.Close()
	return eng.sweep(ctx)
}

func (e *engine) sweep(ctx context.Context) (int, error) {
	folders := owner.RemoveTemp(os.TempDir(), owner.Owner.Dead)
	items, err := e.removeOwned(ctx, func(o owner.Owner, _ string) bool { return o.Dead() })
	return folders + items, err
}

var swept sync.Once

// sweepOnce sweeps at a process's first Start. What it cannot remove is no reason not
// to run: the next process tries again.
func sweepOnce(ctx context.Context, e *engine) {
	swept.Do(func() {
		ctx, cancel := context.WithTimeout(ctx, sweepWait)
		defer cancel()
		_, _ = e.sweep(ctx)
	})
}
