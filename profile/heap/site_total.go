package heap

import (
	"cmp"
	"slices"

	pprof "github.com/google/pprof/profile"
)

// total is what one profile says of a site.
type total struct {
	place
	whose          origin
	bytes, objects int64
	allocated      int64             // bytes since the start, by stacks that hold live memory
	most           int64             // bytes of the stack that holds the most
	biggest        []*pprof.Location // that stack
	tops           [3]top            // where it allocates most, as far as so few can tell
}

// top is an allocating frame, and the bytes booked to it.
type top struct {
	at    *pprof.Location
	bytes int64
}

// maxTotals bounds what is kept of one profile. A real one has hundreds of sites.
const maxTotals = 5000

// nameless is the site of stacks without names, of a binary without symbols.
var nameless = place{fn: "(no symbols)"}

// totals adds up p by site. From the first maxTotals on, by bytes, sites are one.
func (p *heapProfile) totals() []*total {
	frames := newFrames(p.Profile)
	at := map[place]*total{}
	var all []*total
	for _, s := range p.Sample {
		where, whose := frames.site(s.Location)
		t := at[where]
		if t == nil {
			t = &total{place: where, whose: whose, most: -1}
			at[where] = t
			all = append(all, t)
		}
		t.add(s, p)
	}
	return largest(all)
}

func (t *total) add(s *pprof.Sample, p *heapProfile) {
	bytes := s.Value[p.bytes]
	t.bytes += bytes
	t.objects += s.Value[p.objects]
	if p.allocated >= 0 {
		t.allocated += s.Value[p.allocated]
	}
	if len(s.Location) > 0 {
		t.book(s.Location[0], bytes)
	}
	if bytes > t.most {
		t.most, t.biggest = bytes, s.Location
	}
}

// book books bytes to an allocating frame, if it is among those of most bytes.
func (t *total) book(at *pprof.Location, bytes int64) {
	least := 0
	for i := range t.tops {
		if t.tops[i].at == at {
			t.tops[i].bytes += bytes
			return
		}
		if t.tops[i].bytes < t.tops[least].bytes {
			least = i
		}
	}
	if t.tops[least].at == nil || bytes > t.tops[least].bytes {
		t.tops[least] = top{at, bytes}
	}
}

// allocs returns where the site allocates most, other than in itself, most bytes first.
func (t *total) allocs() (list []string) {
	tops := t.tops
	slices.SortStableFunc(tops[:], func(a, b top) int { return cmp.Compare(b.bytes, a.bytes) })
	for _, at := range tops {
		if at.at == nil || len(at.at.Line) == 0 {
			continue
		}
		if p := placeOf(at.at, at.at.Line[0]); p != t.place && !slices.Contains(list, p.short()) {
			list = append(list, p.short())
		}
	}
	return list
}

// largest keeps the maxTotals largest totals and adds up the others.
func largest(all []*total) []*total {
	if len(all) <= maxTotals {
		return all
	}
	slices.SortFunc(all, func(a, b *total) int {
		return cmp.Or(cmp.Compare(b.bytes, a.bytes), a.compare(b.place))
	})
	rest := &total{place: place{fn: otherSites}}
	for _, t := range all[maxTotals:] {
		rest.bytes += t.bytes
		rest.objects += t.objects
		rest.allocated += t.allocated
	}
	return append(all[:maxTotals:maxTotals], rest)
}

// stack returns the total's biggest stack from the allocating frame outwards, inlined
// calls unfolded. Go's runtime records at most 128 frames.
func (t *total) stack() []place {
	const most = 128
	frames := make([]place, 0, min(len(t.biggest), most))
	for _, loc := range t.biggest {
		for _, l := range loc.Line {
			if len(frames) == most {
				return frames
			}
			frames = append(frames, placeOf(loc, l))
		}
	}
	return frames
}
