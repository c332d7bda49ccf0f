package heap

import (
	"cmp"
	"slices"
	"strings"
)

// leak is what grows in step: a holder, and what it holds.
type leak struct {
	line
	holds []line
}

// total returns the bytes per request of the holder with all that it holds; total rises
// where there were no requests.
func (l leak) total() (slope, rise float64) {
	slope, rise = l.bytes.slope, l.bytes.rise
	for _, h := range l.holds {
		slope, rise = slope+h.bytes.slope, rise+h.bytes.rise
	}
	return slope, rise
}

// group makes one leak of sites that grow in step, and sorts leaks by their bytes per
// request. Tables are sites that do not grow strictly enough to be listed, but may be
// holders: a slice or a map that doubles.
//
// What is retained was often allocated elsewhere: a registry of requests that is never
// cleared makes net/http.readRequest the biggest site, a stack in which the user's code
// does not appear. So a site is held by one that is nearer to the user, or that is a
// container, and grows in step with it.
func group(lines, tables []line) []leak {
	slices.SortFunc(lines, func(a, b line) int {
		return cmp.Or(cmp.Compare(b.whose, a.whose), cmp.Compare(b.container(), a.container()), byGrowth(a, b))
	})
	var leaks []leak
	for _, l := range lines {
		if by := holderOf(l, leaks); by >= 0 {
			leaks[by].holds = append(leaks[by].holds, l)
		} else {
			leaks = append(leaks, leak{line: l})
		}
	}
	leaks = underTables(leaks, tables)
	for _, l := range leaks {
		slices.SortFunc(l.holds, byGrowth)
	}
	slices.SortFunc(leaks, func(a, b leak) int {
		as, ar := a.total()
		bs, br := b.total()
		return cmp.Or(cmp.Compare(bs, as), cmp.Compare(br, ar), a.compare(b.place))
	})
	return leaks
}

func byGrowth(a, b line) int {
	return cmp.Or(cmp.Compare(b.bytes.slope, a.bytes.slope), cmp.Compare(b.bytes.rise, a.bytes.rise), a.compare(b.place))
}

// holderOf returns the leak whose site holds l, the nearest first; -1 if none does.
func holderOf(l line, leaks []leak) int {
	if !l.bytes.interval() || l.whose == own && l.container() > 0 {
		return -1
	}
	return slices.IndexFunc(leaks, func(by leak) bool {
		switch {
		case by.whose > l.whose:
			return by.inStep(l)
		case by.whose == l.whose && by.container() > l.container():
			return by.inStep(l) && l.objects.slope >= 0.5*by.objects.slope
		}
		return false
	})
}

// underTables puts leaks that nobody holds under a table, nearer to the user than they
// are, that grew as one of so many entries does.
func underTables(leaks []leak, tables []line) []leak {
	slices.SortFunc(tables, func(a, b line) int { return cmp.Or(cmp.Compare(b.whose, a.whose), byGrowth(a, b)) })
	for _, t := range tables {
		holder := leak{line: t}
		rest := leaks[:0:0]
		for _, l := range leaks {
			if l.whose < t.whose && l.bytes.interval() && t.roomFor(l.line) {
				holder.holds = append(append(holder.holds, l.line), l.holds...)
			} else {
				rest = append(rest, l)
			}
		}
		if len(holder.holds) > 0 {
			rest = append(rest, holder)
			leaks = rest
		}
	}
	return leaks
}

// inStep reports whether l may hold what h allocates: that it grows by an object for at
// most ten of h's, or, since the table of a map is few objects however many entries
// it has, by a byte for at most 200 of h's. An entry of a map takes 16 bytes and more,
// a request with its headers about 2,000.
func (l line) inStep(h line) bool {
	return l.objects.slope*10 >= h.objects.slope || l.bytes.slope*200 >= h.bytes.slope
}

// roomFor reports whether a table that grew so much has entries for what h allocates: a
// pointer takes 8 bytes, a large entry with the room that doubling leaves 512, and an
// entry may hold up to four objects of one site.
func (l line) roomFor(h line) bool {
	return l.bytes.rise >= 2*h.objects.rise && l.bytes.rise <= 512*h.objects.rise
}

// container returns 1 if what the site allocates is there to hold something else: a list's
// element, the table of a map. Most of Go's runtime/pprof hides the runtime's frames, so
// that 0 does not say that it is none.
func (l line) container() int {
	if strings.HasPrefix(l.alloc.fn, "container/") || strings.HasPrefix(l.alloc.fn, "internal/sync.") ||
		strings.HasPrefix(l.alloc.fn, "sync.(*Map)") || strings.HasPrefix(l.alloc.fn, "internal/runtime/maps.") ||
		strings.HasPrefix(l.alloc.fn, "runtime.mapassign") || l.alloc.fn == "runtime.growslice" {
		return 1
	}
	return 0
}

// smallestTable is the mean size of objects, in bytes, from which on a site that never
// shrinks is taken for a table: 1,024 pointers.
const smallestTable = 8 << 10

// isTable reports whether a site's live heap is that of tables which double: it never
// shrinks, its objects are large, and they grow larger or hardly more.
func isTable(bytes, objects []float64) bool {
	last := len(bytes) - 1
	if objects[last] <= 0 || bytes[last]/objects[last] < smallestTable || bytes[last] <= 1.2*bytes[0] {
		return false
	}
	return slices.IsSorted(bytes) && objects[last] <= max(8, 2*objects[0])
}
