package compare

import (
	"math"
	"slices"
	"strings"

	"github.com/memgate/memgate/internal/stats"
	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/report"
)

// Comparison is what changed between two sets of runs of one scenario.
type Comparison struct {
	Before, After []*report.Record
	Deltas        []Delta         // figures that both have, in the order of their importance
	Sites         []SiteDelta     // call sites whose growth is not the same, largest change first
	Retained      []RetainedDelta // code that holds more or less live heap, largest change first
	Judged        []report.Check  // what a judge said of Deltas, by their figures; none if none was asked
}

// judgedBefore returns the checks that compare the runs with others.
func judgedBefore(after []*report.Record) []report.Check {
	var all []report.Check
	if len(after) > 0 {
		for _, c := range after[len(after)-1].Checks {
			if c.Judge == report.NotWorse {
				all = append(all, c)
			}
		}
	}
	return all
}

// check returns what a judge said of the figure.
func (c *Comparison) check(m report.Metric) (report.Check, bool) {
	for _, check := range c.Judged {
		if check.Metric == m {
			return check, true
		}
	}
	return report.Check{}, false
}

// Delta is the change of one figure.
type Delta struct {
	Metric        report.Metric
	Before, After float64 // medians over the runs
	Change        Change

	P      float64 // benchstat's p: how often runs of equal distribution differ as much; 1 if that is not known
	N      [2]int  // runs before, after
	Spread float64 // of a single run: robust standard deviation within the sides, pooled
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
	Site          heap.Site // as it was seen last
	Before, After float64
	In            [2]bool // it was seen growing before, after
}

// Runs compares runs before a change with runs after it. Intervals of growth are
// those of the trends where there is one run each; of all else, and of growth from
// four runs each on, they are of Mann and Whitney, which assume no distribution.
func Runs(before, after []*report.Record) *Comparison {
	c := &Comparison{Before: before, After: after, Sites: siteDeltas(before, after), Retained: heldDeltas(before, after), Judged: judgedBefore(after)}
	c.Deltas = Deltas(FiguresOf(before), FiguresOf(after))
	if len(before) != 1 || len(after) != 1 || !before[0].Trial.Alone() || !after[0].Trial.Alone() {
		return c
	}
	for i, d := range c.Deltas {
		if d.Metric == report.GrowthPerRequest {
			c.Deltas[i].Change = trendShift(before[0].Trend.PerRequest, after[0].Trend.PerRequest)
		}
	}
	return c
}

// Deltas compares figures of runs before a change with those of runs after it, by unit
// (see [FiguresOf]), in the order of their importance. A figure that only one side has
// is left out.
func Deltas(before, after map[report.Metric][]float64) []Delta {
	var all []Delta
	for _, m := range report.Metrics() {
		x, y := before[m], after[m]
		if len(x) == 0 || len(y) == 0 {
			continue
		}
		c := stats.Compare(x, y)
		all = append(all, Delta{
			Metric: m, Before: c.Before.Value, After: c.After.Value,
			P: c.P, N: [2]int{c.N1, c.N2}, Spread: c.Spread,
			Change: Change{Value: c.Shift.Value, Lo: c.Shift.Lo, Hi: c.Shift.Hi, Known: c.Shift.Known, Why: c.Shift.Why},
		})
	}
	return all
}

// trendShift returns the change between two slopes that were estimated independently.
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

// siteDeltas matches call sites by function and file: lines move when code changes.
func siteDeltas(before, after []*report.Record) []SiteDelta {
	type key struct{ fn, file string }
	found := map[key]*SiteDelta{}
	var order []key
	for side, runs := range [][]*report.Record{before, after} {
		for _, r := range runs {
			for _, s := range r.Sites {
				file, _, _ := strings.Cut(tell.Place(s), ":")
				k := key{s.Func, file}
				d := found[k]
				if d == nil {
					d = &SiteDelta{}
					found[k], order = d, append(order, k)
				}
				d.Site = s
				if !stats.Finite(s.PerRequest) {
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
