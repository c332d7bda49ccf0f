package report

import (
	"slices"

	"github.com/memgate/memgate/internal/stats"
)

// Figure is one number that a run is known by.
type Figure struct {
	Metric Metric
	Value  float64
}

func (f Figure) better() string {
	if f.Metric.More() {
		return "higher"
	}
	return "lower"
}

// Figures returns what was measured, in the order of its importance. Growth is left out
// where it was not estimated, the live heap where it was not read.
func (r *Record) Figures() []Figure {
	var all []Figure
	add := func(known bool, m Metric, value float64) {
		if known && stats.Finite(value) {
			all = append(all, Figure{Metric: m, Value: value})
		}
	}
	growth, known := r.growthPerRequest()
	add(known, GrowthPerRequest, growth)
	measured := r.During(Load)
	add(len(r.Samples) > 0, PeakWorkingSet, float64(r.Samples.Peak().WorkingSet))
	add(len(measured) > 0, AverageWorkingSet, measured.Average())
	if settled := r.During(Final); len(settled) > 0 {
		add(true, SettledWorkingSet, settled.Percentile(50))
	}
	if n := len(r.LiveHeaps); n > 0 {
		add(true, LiveHeap, float64(r.LiveHeaps[n-1].Live()))
	}
	add(r.Load.Requests > 0, P99Latency, r.Load.Latency.P99.Seconds())
	if r.Load.Requests > 0 && stats.Finite(r.Load.Rate) {
		all = append(all, Figure{Metric: RequestRate, Value: r.Load.Rate})
	}
	return all
}

// growthPerRequest returns the trend's estimate, or of a trial, which is left alone while it
// is loaded, the growth of the live heap from the load's start to the end.
func (r *Record) growthPerRequest() (bytes float64, known bool) {
	load, loaded := r.Phase(Load)
	if n := len(r.LiveHeaps); !r.Trial.Alone() && loaded && n > 1 {
		last := r.LiveHeaps[n-1]
		for _, first := range slices.Backward(r.LiveHeaps[:n-1]) {
			if first.At <= load.From && last.At >= load.To && last.Requests > first.Requests {
				return (float64(last.Live()) - float64(first.Live())) / float64(last.Requests-first.Requests), true
			}
		}
	}
	return r.Trend.PerRequest.Value, r.Trend.PerRequest.Points > 0
}
