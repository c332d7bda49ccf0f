package memtest

import (
	"fmt"
	"math"
	"time"

	"github.com/memgate/memgate/internal/stats"
	"github.com/memgate/memgate/report"
	"github.com/memgate/memgate/report/compare"
)

// Tolerance is how much worse figures may get. The zero value is a useful one. A figure
// is worse only where its change is more than the tolerance, clear of chance, and more
// than the noise between runs.
type Tolerance struct {
	// Relative is the share of the median before by which peak, average and settled
	// working set and live heap may rise; default 0.03. Absolute is what they may rise by
	// however small they were; default 1 MiB. The larger of both counts.
	Relative float64
	Absolute Size

	// GrowthPerRequest is by how many bytes per request growth may rise; default 64. There is
	// no relative tolerance, because growth should be near zero.
	GrowthPerRequest float64

	// Latency is the share of the median before by which the 99th percentile of the
	// latency may rise; default 0.25. LatencyAbsolute is what it may rise by however short
	// it was; default 1 ms. The larger of both counts.
	Latency         float64
	LatencyAbsolute time.Duration

	_ struct{}
}

var _ Gate = Tolerance{}

const (
	defaultRelative        = 0.03
	defaultAbsolute        = mib
	defaultGrowth          = 64
	defaultLatency         = 0.25
	defaultLatencyAbsolute = time.Millisecond
)

// gate is a tolerance that can be applied.
type gate struct {
	relative, absolute       float64                   // of memory, in bytes
	growth                   float64                   // bytes per request
	latency, latencyAbsolute float64                   // in seconds
	floors                   map[report.Metric]float64 // changes up to this are noise, as was learned elsewhere
}

// gate fills in what was left out and says what cannot be.
func (tol Tolerance) gate() (gate, error) {
	absolute := int64(defaultAbsolute)
	if tol.Absolute != "" {
		if err := sizes(sizeField{"Absolute", tol.Absolute, &absolute}); err != nil {
			return gate{}, err
		}
	}
	for _, f := range []struct {
		name  string
		value float64
	}{{"Relative", tol.Relative}, {"Growth", tol.GrowthPerRequest}, {"Latency", tol.Latency}, {"LatencyAbsolute", tol.LatencyAbsolute.Seconds()}} {
		if !(f.value >= 0) || math.IsInf(f.value, 0) {
			return gate{}, fmt.Errorf("%s is %g: set a positive number, or leave it out for the default", f.name, f.value)
		}
	}
	g := gate{relative: tol.Relative, absolute: float64(absolute), growth: tol.GrowthPerRequest, latency: tol.Latency, latencyAbsolute: tol.LatencyAbsolute.Seconds()}
	for _, f := range []struct {
		value     *float64
		byDefault float64
	}{{&g.relative, defaultRelative}, {&g.growth, defaultGrowth}, {&g.latency, defaultLatency}, {&g.latencyAbsolute, defaultLatencyAbsolute.Seconds()}} {
		if *f.value == 0 {
			*f.value = f.byDefault
		}
	}
	return g, nil
}

// allowed is by how much the figure may rise from that median before, in its unit.
func (g gate) allowed(m report.Metric, before float64) float64 {
	switch m {
	case report.GrowthPerRequest:
		return g.growth
	case report.P99Latency:
		return max(g.latency*before, g.latencyAbsolute)
	default:
		return max(g.relative*before, g.absolute)
	}
}

// What may be said of a figure.
type outcome int

const (
	cannotTell outcome = iota // there is too little data for any other word
	notWorse                  // no change beyond the tolerance and the noise is clear
	better
	worse
)

// judged is a figure and what is said of it.
type judged struct {
	compare.Delta
	adjusted float64 // P for having judged so many figures at once
	allowed  float64 // the tolerance, in the figure's unit
	floor    float64 // the noise floor of such a comparison, in the figure's unit
	outcome  outcome
	why      string // why it cannot be told
}

// alpha is the share of comparisons without a change in which some figure may differ, in
// either direction, by the test alone; the noise floor leaves less than a fifth of them.
const alpha = 0.05

// judgedMetrics are the figures whose rise is bad.
var judgedMetrics = []report.Metric{report.GrowthPerRequest, report.PeakWorkingSet, report.AverageWorkingSet, report.SettledWorkingSet, report.LiveHeap, report.P99Latency}

// judge compares figures by unit, as compare.FiguresOf gives them.
func (g gate) judge(before, after map[report.Metric][]float64) []judged {
	var all []judged
	var ps []float64
	x, y := map[report.Metric][]float64{}, map[report.Metric][]float64{}
	for _, m := range judgedMetrics {
		x[m], y[m] = before[m], after[m]
	}
	for _, d := range compare.Deltas(x, y) {
		ps = append(ps, d.P)
		all = append(all, judged{Delta: d})
	}
	for i, p := range stats.Holm(ps) {
		all[i].adjusted = p
	}
	for i := range all {
		g.decide(&all[i], len(all))
	}
	return append(all, lopsided(x, y)...)
}

// decide says what is to be said of one of so many figures.
func (g gate) decide(j *judged, family int) {
	j.allowed = g.allowed(j.Metric, j.Before)
	j.floor = max(stats.NoiseFloor(j.Spread, j.N[0], j.N[1]), g.floors[j.Metric])
	if least := stats.LeastP(j.N[0], j.N[1]) * float64(family); least > alpha {
		j.why = fmt.Sprintf("%d and %d runs cannot tell %d figures from chance: at least %d each can", j.N[0], j.N[1], family, leastRuns(family))
		return
	}
	j.outcome = notWorse
	if j.adjusted > alpha || !j.Change.Clear() || math.Abs(j.Change.Value) <= max(j.allowed, j.floor) {
		return
	}
	j.outcome = better
	if j.Change.Value > 0 {
		j.outcome = worse
	}
}

// leastRuns returns with how many runs a side that many figures can be told from chance.
func leastRuns(family int) int {
	n := 1
	for stats.LeastP(n, n)*float64(family) > alpha {
		n++
	}
	return n
}

// lopsided returns the figures that only one side has.
func lopsided(before, after map[report.Metric][]float64) []judged {
	var all []judged
	for _, m := range judgedMetrics {
		b, a := len(before[m]), len(after[m])
		if (b == 0) == (a == 0) {
			continue
		}
		side := "before"
		if a == 0 {
			side = "after"
		}
		all = append(all, judged{
			Delta: compare.Delta{Metric: m, N: [2]int{b, a}},
			why:   fmt.Sprintf("no run %s the change has it: its target, or the way that memory is read, is not the same", side),
		})
	}
	return all
}
