package compare

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/memgate/memgate/internal/stats"
	"github.com/memgate/memgate/report"
)

// Ranking is several variants of one scenario, ranked by their peak working set, least
// first.
type Ranking struct {
	Variants []Variant
	First    string // the variant that the others are compared with
	Warning  string // what the ranks do not tell, if anything
}

// Variant is what one variant cost.
type Variant struct {
	Name   string
	Rank   int // 1 is least; variants that the runs cannot tell apart share one; 0: nothing was measured
	Runs   []*report.Record
	Died   int // runs whose target died: their figures are not used
	Costs  []Cost
	Change Delta // of the peak working set, from the first variant's; zero for itself
}

// Cost is one figure over a variant's runs.
type Cost struct {
	Metric           report.Metric
	Median, Min, Max float64
	N                int // runs that have it
}

// Rank ranks variants, each the runs of one. A variant shares the rank of the one above
// it unless benchstat's test tells it from the best of that rank, at 0.05 over all such
// comparisons.
func Rank(variants ...[]*report.Record) *Ranking {
	ranking := &Ranking{}
	var first []float64
	for i, runs := range variants {
		v, figures := newVariant(runs, i)
		if i == 0 {
			ranking.First, first = v.Name, figures[report.PeakWorkingSet]
		} else if deltas := Deltas(only(report.PeakWorkingSet, first), figures); len(deltas) > 0 {
			v.Change = deltas[0]
		}
		ranking.Variants = append(ranking.Variants, v)
	}
	slices.SortStableFunc(ranking.Variants, func(a, b Variant) int {
		return cmp.Or(cmp.Compare(min(1, len(b.peaks())), min(1, len(a.peaks()))), cmp.Compare(a.peak(), b.peak()))
	})
	ranking.rank()
	return ranking
}

func newVariant(runs []*report.Record, i int) (Variant, map[report.Metric][]float64) {
	v := Variant{Name: fmt.Sprintf("variant %d", i+1), Runs: runs}
	var alive []*report.Record
	for _, r := range runs {
		v.Name = cmp.Or(r.Trial.Of, r.Name, v.Name)
		if slices.ContainsFunc(r.Notes, func(f report.Finding) bool { return f.Fatal }) {
			v.Died++
			continue
		}
		alive = append(alive, r)
	}
	figures := FiguresOf(alive)
	for _, m := range report.Metrics() {
		values := figures[m]
		if len(values) == 0 {
			continue
		}
		v.Costs = append(v.Costs, Cost{
			Metric: m, N: len(values),
			Median: stats.Median(slices.Clone(values)), Min: slices.Min(values), Max: slices.Max(values),
		})
	}
	return v, figures
}

func only(m report.Metric, values []float64) map[report.Metric][]float64 {
	return map[report.Metric][]float64{m: values}
}

// Cost returns the figure of that unit; ok tells whether the variant has it.
func (v Variant) Cost(m report.Metric) (c Cost, ok bool) {
	for _, c := range v.Costs {
		if c.Metric == m {
			return c, true
		}
	}
	return Cost{}, false
}

func (v Variant) peak() float64 { c, _ := v.Cost(report.PeakWorkingSet); return c.Median }

// peaks returns the runs' peaks, of those that lived.
func (v Variant) peaks() []float64 {
	_, figures := newVariant(v.Runs, 0)
	return figures[report.PeakWorkingSet]
}

const rankAlpha = 0.05

// rank gives ranks to variants in their order.
func (r *Ranking) rank() {
	tests := float64(len(r.Variants) - 1)
	best := -1 // of the rank under way
	for i := range r.Variants {
		v := &r.Variants[i]
		if len(v.peaks()) == 0 {
			continue
		}
		if best < 0 {
			best, v.Rank = i, 1
			continue
		}
		c := stats.Compare(r.Variants[best].peaks(), v.peaks())
		if stats.LeastP(c.N1, c.N2)*tests > rankAlpha {
			r.Warning = fmt.Sprintf("%d and %d runs cannot tell so many variants apart: ranks need more trials", c.N1, c.N2)
		}
		v.Rank = r.Variants[best].Rank
		if c.P*tests <= rankAlpha && c.Shift.Value > 0 {
			best, v.Rank = i, i+1
		}
	}
}
