package profile

import (
	"cmp"
	"math"
	"slices"
)

// growth is the live heap of every site over a series of profiles.
type growth struct {
	requests []float64 // completed by each profile
	bySite   map[place]*history
	stacks   map[place][]place // each site's biggest stack in the latest profile
	rate     float64           // bytes allocated per sample: runtime.MemProfileRate
}

// history is a site's live heap in each profile.
type history struct {
	whose                     origin
	bytes, objects, allocated []float64
}

func (h *history) add(t *total) {
	h.bytes = append(h.bytes, float64(t.bytes))
	h.objects = append(h.objects, float64(t.objects))
	h.allocated = append(h.allocated, float64(t.allocated))
}

// add adds the next profile. Nothing of it is kept but its totals and names.
func (g *growth) add(h Heap, p *heapProfile) {
	if g.bySite == nil {
		g.bySite = map[place]*history{}
	}
	n := len(g.requests)
	g.requests = append(g.requests, float64(h.Requests))
	g.rate = max(g.rate, float64(p.Period))
	g.stacks = map[place][]place{}
	for _, t := range p.totals() {
		s := g.bySite[t.place]
		if s == nil {
			s = &history{t.whose, make([]float64, n), make([]float64, n), make([]float64, n)}
			g.bySite[t.place] = s
		}
		s.add(t)
		g.stacks[t.place] = t.stack()
	}
	for _, s := range g.bySite {
		if len(s.bytes) == n {
			s.add(&total{})
		}
	}
}

// line is a site's growth over the series.
type line struct {
	place
	whose          origin
	bytes, objects slope
}

// minSeries is how many profiles it takes to tell growth from churn.
const minSeries = 4

// growing is the sites that grow, in no order.
func (g *growth) growing() []line {
	keep, x, requests := g.axis()
	var lines []line
	for where, h := range g.bySite {
		bytes, objects := pick(h.bytes, keep), pick(h.objects, keep)
		if bytes[len(bytes)-1] <= bytes[0] {
			continue
		}
		l := line{place: where, whose: h.whose}
		l.bytes = fit(x, bytes, g.noise(bytes, objects))
		l.objects = fit(x, objects, nil)
		if len(x) >= minSeries && !(l.bytes.certain && sustained(pace(x, pick(h.allocated, keep)), bytes)) {
			continue
		}
		if !requests {
			l.bytes.forget()
			l.objects.forget()
		}
		lines = append(lines, l)
	}
	return lines
}

// axis is the profiles between which requests were completed, and the requests. Of
// several at the same count the last is taken. Where there were no requests at all it
// is every profile by its number.
func (g *growth) axis() (keep []int, x []float64, requests bool) {
	for i, r := range g.requests {
		switch n := len(x); {
		case n == 0 || r > x[n-1]:
			keep, x = append(keep, i), append(x, r)
		case r == x[n-1] && n > 1:
			keep[n-1] = i
		}
	}
	if len(x) > 1 {
		return keep, x, true
	}
	keep, x = keep[:0], x[:0]
	for i := range g.requests {
		keep, x = append(keep, i), append(x, float64(i))
	}
	return keep, x, false
}

func pick(v []float64, at []int) []float64 {
	picked := make([]float64, len(at))
	for i, j := range at {
		picked[i] = v[j]
	}
	return picked
}

// noise is the variance of a site's bytes in each profile that comes from sampling.
// An object of s bytes is in the profile with probability p = 1 − exp(−s/rate) and
// then counts s/p bytes, so that B bytes of them vary by B·s·(1−p)/p.
func (g *growth) noise(bytes, objects []float64) []float64 {
	variance := make([]float64, len(bytes))
	var b, n float64
	for i := range bytes {
		b, n = b+bytes[i], n+objects[i]
	}
	if g.rate <= 1 || b == 0 || n == 0 {
		return variance
	}
	size := b / n
	p := -math.Expm1(-size / g.rate)
	for i := range bytes {
		variance[i] = bytes[i] * size * (1 - p) / p
	}
	return variance
}

// rank sorts lines by bytes per request, then moves those behind that others hold.
//
// What is retained was often allocated elsewhere: a registry of requests that is
// never cleared makes net/http.readRequest the biggest site, a stack in which the
// user's code does not appear. So a site goes behind the others if one nearer to the
// user grows in step with it.
func rank(lines []line) {
	slices.SortFunc(lines, func(a, b line) int {
		return cmp.Or(cmp.Compare(b.bytes.slope, a.bytes.slope), cmp.Compare(b.bytes.rise, a.bytes.rise),
			a.place.compare(b.place))
	})
	held := map[place]bool{}
	for _, l := range lines {
		if l.whose != own && l.bytes.interval() {
			held[l.place] = slices.ContainsFunc(lines, func(by line) bool { return by.whose > l.whose && by.inStep(l) })
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int {
		switch {
		case held[a.place] == held[b.place]:
			return 0
		case held[b.place]:
			return -1
		}
		return 1
	})
}

// inStep says whether l may hold what h allocates: that it grows by an object for at
// most ten of h's, or, since the table of a map is few objects however many entries
// it has, by a byte for at most 200 of h's. An entry of a map takes 16 bytes and more,
// a request with its headers about 2,000.
func (l line) inStep(h line) bool {
	return l.objects.slope*10 >= h.objects.slope || l.bytes.slope*200 >= h.bytes.slope
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.fn, q.fn), cmp.Compare(p.file, q.file), cmp.Compare(p.line, q.line))
}
