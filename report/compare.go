package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/memgate/memgate/profile"
)

// Comparison is what changed between two sets of runs of one scenario.
type Comparison struct {
	Before, After []*Record
	Deltas        []Delta     // figures that both have, in the order of their importance
	Sites         []SiteDelta // call sites whose growth is not the same, largest change first
}

// Delta is the change of one figure.
type Delta struct {
	Figure        string  // "growth per request", "peak working set", …
	Unit          string  // as in Figure.Unit
	Before, After float64 // medians over the runs
	Change        Change
	More          bool // more of it is better
}

// Change is an estimate of after − before.
type Change struct {
	Value, Lo, Hi float64 // Lo and Hi are the ends of the 95 % interval
	Known         bool    // there is an interval
	Why           string  // if not: why
}

// Clear tells whether the interval excludes no change.
func (c Change) Clear() bool { return c.Known && (c.Lo > 0 || c.Hi < 0) }

// SiteDelta is a call site before and after, in bytes per request, averaged over the
// runs. What was not among a run's growing sites counts as 0.
type SiteDelta struct {
	Site          profile.Site // as it was seen last
	Before, After float64
	In            [2]bool // it was seen growing before, after
}

// Compare compares runs before a change with runs after it. Intervals of growth are
// those of the trends where there is one run each; of all else, and of growth from
// four runs each on, they are of Mann and Whitney, which assume no distribution.
func Compare(before, after []*Record) *Comparison {
	c := &Comparison{Before: before, After: after, Sites: siteDeltas(before, after)}
	a, b := figuresOf(before), figuresOf(after)
	for _, f := range comparedFigures {
		x, y := a[f.unit], b[f.unit]
		if len(x) == 0 || len(y) == 0 {
			continue
		}
		d := Delta{Figure: f.name, Unit: f.unit, Before: median(x), After: median(y), More: f.unit == "req/sec"}
		d.Change = shift(x, y)
		if f.unit == "growth-B/req" && len(before) == 1 && len(after) == 1 {
			d.Change = trendShift(before[0].Trend.PerRequest, after[0].Trend.PerRequest)
		}
		c.Deltas = append(c.Deltas, d)
	}
	return c
}

var comparedFigures = []struct{ unit, name string }{
	{"growth-B/req", "growth per request"}, {"peak-B", "peak working set"}, {"avg-B", "average working set"},
	{"settled-B", "after cool-down"}, {"live-B", "live heap after GC"}, {"p99-sec", "p99 latency"}, {"req/sec", "requests per second"},
}

// figuresOf is the runs' figures by unit.
func figuresOf(runs []*Record) map[string][]float64 {
	all := map[string][]float64{}
	for _, r := range runs {
		for _, f := range r.figures() {
			all[f.Unit] = append(all[f.Unit], f.Value)
		}
	}
	return all
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// trendShift is the change between two slopes that were estimated independently.
func trendShift(a, b profile.Estimate) Change {
	c := Change{Value: b.Value - a.Value}
	if !a.Interval() || !b.Interval() {
		c.Why = "a run's growth has no interval"
		return c
	}
	half := math.Hypot((a.Hi-a.Lo)/2, (b.Hi-b.Lo)/2)
	c.Lo, c.Hi, c.Known = c.Value-half, c.Value+half, true
	return c
}

const (
	tail95       = 0.025
	mostCompared = 200 // runs of a side whose interval is found
)

// shift is the median of all differences between a run of b and one of a, with the
// interval that the rank-sum test gives (Hodges and Lehmann).
func shift(a, b []float64) Change {
	a, b = a[:min(len(a), mostCompared)], b[:min(len(b), mostCompared)]
	var all []float64
	for _, x := range a {
		for _, y := range b {
			all = append(all, y-x)
		}
	}
	slices.Sort(all)
	c := Change{Value: median(all)}
	k := rankSumCut(len(a), len(b))
	if k == 0 {
		c.Why = fmt.Sprintf("an interval takes 4 runs each, there are %d and %d", len(a), len(b))
		return c
	}
	c.Lo, c.Hi, c.Known = all[k-1], all[len(all)-k], true
	return c
}

// rankSumCut is the largest k for which the rank-sum statistic U of n and m values of
// one distribution is below k in no more than a fortieth of cases; 0 if there is none.
func rankSumCut(n, m int) int {
	if n*m > 400 { // enough for the normal approximation
		return int(float64(n*m)/2 - 1.96*math.Sqrt(float64(n*m*(n+m+1))/12))
	}
	// ways[u] is the number of orders with U = u: products of (1 − x^(m+i)) / (1 − x^i).
	ways := make([]float64, n*m+1)
	ways[0] = 1
	for i := 1; i <= n; i++ {
		for u := n * m; u >= m+i; u-- {
			ways[u] -= ways[u-m-i]
		}
		for u := i; u <= n*m; u++ {
			ways[u] += ways[u-i]
		}
	}
	total, below := 0.0, 0.0
	for _, w := range ways {
		total += w
	}
	k := 0
	for ; k < len(ways) && below+ways[k] <= tail95*total; k++ {
		below += ways[k]
	}
	return k
}

// siteDeltas matches call sites by function and file: lines move when code changes.
func siteDeltas(before, after []*Record) []SiteDelta {
	type key struct{ fn, file string }
	found := map[key]*SiteDelta{}
	var order []key
	for side, runs := range [][]*Record{before, after} {
		for _, r := range runs {
			for _, s := range r.Growth {
				k := key{s.Func, first(place(s), ":")}
				d := found[k]
				if d == nil {
					d = &SiteDelta{}
					found[k], order = d, append(order, k)
				}
				d.Site = s
				if !finite(s.PerRequest) {
					continue
				}
				d.In[side] = d.In[side] || s.Bytes > 0
				if side == 0 {
					d.Before += s.PerRequest / float64(len(runs))
				} else {
					d.After += s.PerRequest / float64(len(runs))
				}
			}
		}
	}
	var all []SiteDelta
	for _, k := range order {
		if d := found[k]; d.Before != d.After && (d.In[0] || d.In[1]) {
			all = append(all, *d)
		}
	}
	slices.SortStableFunc(all, func(a, b SiteDelta) int {
		x, y := math.Abs(a.After-a.Before), math.Abs(b.After-b.Before)
		switch {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return strings.Compare(a.Site.Func, b.Site.Func)
	})
	return all
}
