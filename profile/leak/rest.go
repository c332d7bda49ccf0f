package leak

import "github.com/memgate/memgate/profile"

// gaveBack tells whether growth of the signal is growth of what the target holds only
// while it is loaded: a queue that runs full, requests that pile up, connections. What
// is leaked is still there when the load has stopped; what is gone then, and was not
// gone before the load, is not.
func (l *look) gaveBack(j judged) bool {
	var of func(profile.LiveHeap) float64
	switch j.name {
	case LiveHeap:
		of = func(f profile.LiveHeap) float64 { return float64(f.Live()) }
	case HeapObjects:
		of = func(f profile.LiveHeap) float64 { return float64(f.HeapObjects) }
	}
	if of == nil || l.Rest.HeapAlloc == 0 || len(l.LiveHeaps) < fewestLive {
		return false
	}
	held := of(l.LiveHeaps[len(l.LiveHeaps)-1]) - of(l.Rest)
	if l.RestBefore.HeapAlloc > 0 {
		held -= max(0, of(l.LiveHeaps[0])-of(l.RestBefore))
	}
	return held > j.slope.Value*l.span/2
}
