package holders

import (
	"time"

	"github.com/memgate/memgate/internal/holders/graph"
)

// Paths is a heap folded by path.
type Paths = graph.Paths

// Limits of a heap that is read, and of what reading may cost the target.
type Limits struct {
	Bytes   uint64        // in objects that hold pointers; default 300 MB
	Objects uint64        // that there is room for; default 4 million
	Stop    time.Duration // how long the target may stand; default 2 s
}

func (l Limits) withDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = 300e6
	}
	if l.Objects == 0 {
		l.Objects = 4e6
	}
	if l.Stop == 0 {
		l.Stop = 2 * time.Second
	}
	return l
}
