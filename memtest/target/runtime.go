package target

import (
	"context"

	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/heap"
)

// Runtime is one language runtime in a running target. What it can do besides telling
// what it is, it says by implementing [Collector], [HeapProfiler], [TaskProfiler] and
// [HeapWalker]: any of them, or none. Without a Collector the verdict goes by what the
// kernel knows, or by what a HeapWalker finds.
//
// The run asks at its own pace, before, during and after the load. If an interface's first
// answer is an error, or three in a row are, the run stops asking, and the record says why;
// after an error of Tasks or Walk it stops at once. Methods may be called concurrently, the
// same one too: a heap profile near the memory limit does not wait for another.
type Runtime interface {
	Info() profile.RuntimeInfo // asked once, when the target has started
}

// Collector is a Runtime that can be made to collect its garbage.
type Collector interface {
	// Collect forces a full collection and tells what is left. At and Requests are
	// filled in by the caller. Took bounds how often it is asked: a collection takes a
	// fiftieth of the load's time at most.
	Collect(ctx context.Context) (profile.LiveHeap, error)
}

// HeapProfiler is a Runtime that hands out profiles of what its heap holds, by call site.
type HeapProfiler interface {
	HeapProfile(ctx context.Context) (HeapProfile, error)
}

// HeapProfile is a heap profile as it was taken.
type HeapProfile struct {
	Raw     []byte // in pprof's format, with the values inuse_space and inuse_objects
	Garbage bool   // it may hold garbage: no collection was forced first, and there are such
}

// TaskProfiler is a Runtime that tells what its goroutines, threads or asyncio tasks do.
type TaskProfiler interface {
	// Tasks returns their number by stack; if whole, also who started them and which of
	// them wait for ever, as far as that is known. Whole is asked for ahead of the load
	// and after it. At and Requests are filled in by the caller. Where the error comes
	// with a profile, that is used.
	Tasks(ctx context.Context, whole bool) (heap.GoroutineProfile, error)
}

// HeapWalker is a Runtime whose heap can be searched from its roots: the report then names
// who holds what grew.
type HeapWalker interface {
	// Walk tells what is reachable, by path. It is asked while no load runs: after the
	// warm-up, between parts of a load that is extended, and at the
	// end, right after a forced collection if the Runtime is a Collector. What it keeps
	// open from one call to the next, Instance.Stop releases.
	Walk(ctx context.Context) (*profile.Paths, error)
}

// ProfileURL is the Runtime of a target that serves profiles of its heap, in any language,
// and can be asked for nothing else: a HeapProfiler that is no Collector.
type ProfileURL struct {
	heap.HeapURL
	About profile.RuntimeInfo // what Info returns; may be zero
}

var (
	_ Runtime      = ProfileURL{}
	_ HeapProfiler = ProfileURL{}
)

// Info returns About.
func (p ProfileURL) Info() profile.RuntimeInfo { return p.About }

// HeapProfile fetches the profile. It may hold garbage.
func (p ProfileURL) HeapProfile(ctx context.Context) (HeapProfile, error) {
	raw, err := p.Heap(ctx)
	return HeapProfile{Raw: raw, Garbage: true}, err
}
