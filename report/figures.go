package report

import (
	"slices"

	"github.com/memgate/memgate/internal/stats"
)

// Units of the figures that comparisons are made of.
const (
	GrowthUnit  = "growth-B/req" // bytes per request
	PeakUnit    = "peak-B"       // bytes of working set, as all that follow in bytes but the live heap
	AverageUnit = "avg-B"
	SettledUnit = "settled-B"
	LiveUnit    = "live-B"  // bytes of live heap
	LatencyUnit = "p99-sec" // seconds
	RateUnit    = "req/sec" // requests per second: more is better
)

var ComparedFigures = []struct{ Unit, Name string }{
	{GrowthUnit, "growth per request"}, {PeakUnit, "peak working set"}, {AverageUnit, "average working set"},
	{SettledUnit, "after cool-down"}, {LiveUnit, "live heap after GC"}, {LatencyUnit, "p99 latency"}, {RateUnit, "requests per second"},
}

// FigureName returns what the figure of a unit is called; the unit itself if it is not known.
func FigureName(unit string) string {
	for _, f := range ComparedFigures {
		if f.Unit == unit {
			return f.Name
		}
	}
	return unit
}

// Units returns the units of the figures that a run may have, in the order of their importance.
func Units() []string {
	var all []string
	for _, f := range ComparedFigures {
		all = append(all, f.Unit)
	}
	return all
}

// Figure is one number that a run is known by.
type Figure struct {
	Unit  string // with its name, as benchmarks write it: "peak-B"
	Value float64
	More  bool // more of it is better
}

func (f Figure) better() string {
	if f.More {
		return "higher"
	}
	return "lower"
}

// Metrics returns the record's figures by unit, such as "growth-B/req" and PeakUnit, for
// testing.B's ReportMetric.
func (r *Record) Metrics() []Figure { return r.Figures() }

// Figures returns what was measured, in the order of its importance. Growth is left out
// where it was not estimated, the live heap where it was not read.
func (r *Record) Figures() []Figure {
	var all []Figure
	add := func(known bool, unit string, value float64) {
		if known && stats.Finite(value) {
			all = append(all, Figure{Unit: unit, Value: value})
		}
	}
	growth, known := r.growthPerRequest()
	add(known, GrowthUnit, growth)
	measured := r.During(Load)
	add(len(r.Samples) > 0, PeakUnit, float64(r.Samples.Peak().WorkingSet))
	add(len(measured) > 0, AverageUnit, measured.Average())
	if settled := r.During(Floor); len(settled) > 0 {
		add(true, SettledUnit, settled.Percentile(50))
	}
	if n := len(r.Floors); n > 0 {
		add(true, LiveUnit, float64(r.Floors[n-1].Live()))
	}
	add(r.Load.Requests > 0, LatencyUnit, r.Load.Latency.P99.Seconds())
	if r.Load.Requests > 0 && stats.Finite(r.Load.Rate) {
		all = append(all, Figure{Unit: RateUnit, Value: r.Load.Rate, More: true})
	}
	return all
}

// growthPerRequest returns the trend's estimate, or of a trial, which is left alone while it
// is loaded, the growth of the live heap from the load's start to the end.
func (r *Record) growthPerRequest() (bytes float64, known bool) {
	load, loaded := r.Phase(Load)
	if n := len(r.Floors); !r.Trial.Alone() && loaded && n > 1 {
		last := r.Floors[n-1]
		for _, first := range slices.Backward(r.Floors[:n-1]) {
			if first.At <= load.From && last.At >= load.To && last.Requests > first.Requests {
				return (float64(last.Live()) - float64(first.Live())) / float64(last.Requests-first.Requests), true
			}
		}
	}
	return r.Trend.PerRequest.Value, r.Trend.PerRequest.Points > 0
}

// FiguresOf returns the runs' figures by unit: what [compare.Deltas] compares.
func FiguresOf(runs []*Record) map[string][]float64 {
	all := map[string][]float64{}
	for _, r := range runs {
		for _, f := range r.Figures() {
			all[f.Unit] = append(all[f.Unit], f.Value)
		}
	}
	return all
}
