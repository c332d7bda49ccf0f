package heap

import (
	"cmp"
	"math"
)

// growth is the live heap of every site over a series of profiles.
type growth struct {
	requests []float64 // completed by each profile
	bySite   map[place]*history
	stacks   map[place][]place  // each site's biggest stack in the latest profile
	allocs   map[place][]string // where it allocates most, in the latest profile
	rate     float64            // bytes allocated per sample: runtime.MemProfileRate
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
func (g *growth) add(h Profile, p *heapProfile) {
	if g.bySite == nil {
		g.bySite = map[place]*history{}
	}
	n := len(g.requests)
	g.requests = append(g.requests, float64(h.Requests))
	g.rate = max(g.rate, float64(p.Period))
	g.stacks, g.allocs = map[place][]place{}, map[place][]string{}
	for _, t := range p.totals() {
		s := g.bySite[t.place]
		if s == nil {
			s = &history{t.whose, make([]float64, n), make([]float64, n), make([]float64, n)}
			g.bySite[t.place] = s
		}
		s.add(t)
		g.stacks[t.place], g.allocs[t.place] = t.stack(), t.allocs()
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
	alloc          place // where its biggest stack allocates
	table          bool  // it is a slice or a map that doubles
}

// minSeries is how many profiles it takes to tell growth from churn.
const minSeries = 4

// growing returns the sites that hold more at the end than at the start, in no order: those
// that grow throughout, and the others.
func (g *growth) growing() (certain, others []line) {
	keep, x, requests := g.axis()
	for where, h := range g.bySite {
		bytes, objects := pick(h.bytes, keep), pick(h.objects, keep)
		if bytes[len(bytes)-1] <= bytes[0] {
			continue
		}
		l := line{place: where, whose: h.whose, table: isTable(bytes, objects)}
		if stack := g.stacks[where]; len(stack) > 0 {
			l.alloc = stack[0]
		}
		l.bytes = fit(x, bytes, g.noise(bytes, objects))
		l.objects = fit(x, objects, nil)
		sure := len(x) < minSeries || l.bytes.certain && sustained(pace(x, pick(h.allocated, keep)), bytes)
		if !requests {
			l.bytes.forget()
			l.objects.forget()
		}
		if sure {
			certain = append(certain, l)
		} else {
			others = append(others, l)
		}
	}
	return certain, others
}

// axis returns the profiles between which requests were completed, and the requests. Of
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

// noise returns the variance of a site's bytes in each profile that comes from sampling.
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

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.fn, q.fn), cmp.Compare(p.file, q.file), cmp.Compare(p.at, q.at))
}
