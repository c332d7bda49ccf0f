package heap

import (
	"errors"
	"math"
)

// locate finds the runtime's variables: by their symbols, and in a stripped program by
// the code that uses them. What is found that way must look like what it is to be.
func (r *reader) locate() error {
	if r.p.HasSymbols() {
		r.places.mheap, _ = r.p.Symbol("runtime.mheap_")
		r.places.allgs, _ = r.p.Symbol("runtime.allgs")
		if c, ok := r.p.Symbol("runtime.gcController"); ok {
			r.places.marked = c + r.l["gcControllerState.heapMarked"]
		}
	} else {
		r.places.mheap = r.firstThat(r.isHeap, "runtime.mallocinit")
		r.places.allgs = r.firstThat(r.isGoroutines, "runtime.allgadd")
	}
	switch {
	case r.places.mheap == 0 || !r.isHeap(r.places.mheap):
		return errors.New("the target's heap was not found: is it a Go program with a runtime of its own, and may its memory be read?")
	case r.places.allgs == 0 || !r.isGoroutines(r.places.allgs):
		return errors.New("the target's list of goroutines was not found")
	}
	if r.places.marked == 0 {
		r.locateMarked()
	}
	return nil
}

// firstThat returns the first address that the code of a function refers to and that holds
// what is looked for.
func (r *reader) firstThat(is func(uint64) bool, functions ...string) uint64 {
	for _, f := range functions {
		for _, a := range r.p.Refers(f) {
			if is(a) {
				return a
			}
		}
	}
	return 0
}

// isHeap tells whether a holds what runtime.mheap_ does: a table of spans.
func (r *reader) isHeap(a uint64) bool {
	a += r.l["mheap.allspans"]
	first, n, room := r.word(a), r.word(a+8), r.word(a+16)
	if n == 0 || n > room || room > 1<<28 {
		return false
	}
	s := r.word(first)
	start, pages := r.word(s+r.l["mspan.startAddr"]), r.word(s+r.l["mspan.npages"])
	return s != 0 && start != 0 && start%(1<<pageShift) == 0 && pages > 0 && pages < 1<<28
}

// isGoroutines tells whether a holds what runtime.allgs does: goroutine 1 first.
func (r *reader) isGoroutines(a uint64) bool {
	first, n, room := r.word(a), r.word(a+8), r.word(a+16)
	if n == 0 || n > room || room > 1<<28 {
		return false
	}
	return r.word(r.word(first)+r.l["g.goid"]) == 1
}

// locateMarked looks for the collector's figure of live bytes in a stripped program.
// Where it finds none, or more than one, the spans' own count stands in for it.
func (r *reader) locateMarked() {
	spans, _, err := r.spanTable()
	if err != nil {
		return
	}
	allocated := uint64(0)
	for _, s := range spans {
		allocated += uint64(s.alloc) * s.elem
	}
	const gcPercent, least = 0, 64 << 10
	likely := func(a uint64) bool {
		v := r.word(a + r.l["gcControllerState.heapMarked"])
		percent := int32(uint32(r.word(a + gcPercent)))
		return v >= least && v <= 2*allocated && percent >= -1 && percent < math.MaxInt16
	}
	if a := r.firstThat(likely, "runtime.gcinit"); a != 0 {
		r.places.marked = a + r.l["gcControllerState.heapMarked"]
	}
}
