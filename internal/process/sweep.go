package process

import (
	"os"
	"sync"

	"github.com/memgate/memgate/internal/owner"
)

var swept sync.Once

// sweepOnce removes, at a process's first Start, what owners left behind that are
// provably dead on this host.
func sweepOnce() {
	swept.Do(func() {
		removeOwned(func(o owner.Owner, _ string) bool { return o.Dead() })
		owner.RemoveTemp(os.TempDir(), owner.Owner.Dead)
	})
}

// removeOwned ends the processes and removes the groups whose owner and item suit.
func removeOwned(suits func(o owner.Owner, item string) bool) {
	removeMarked(suits)
	removeGroupsOf(suits)
}
