package memtest

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/memgate/memgate/internal/baseline"
	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/report"
	"github.com/memgate/memgate/report/compare"
)

func (tol Tolerance) prove(e evidence) []report.Check {
	g, err := tol.gate()
	if err != nil {
		return []report.Check{proof("tolerance", err.Error(), "")}
	}
	x, y := compare.FiguresOf(e.once), compare.FiguresOf(e.again)
	var all []report.Check
	for _, j := range g.judge(x, y) {
		all = append(all, g.proveFigure(j, x, y))
	}
	return all
}

// proveFigure asks the tolerance of one figure of equal trials as it was, and raised.
func (g gate) proveFigure(j judged, x, y map[report.Metric][]float64) report.Check {
	quantity := func(v float64) string { return tell.Quantity(v, j.Metric) }
	name := fmt.Sprintf("tolerance: %s ≤ +%s", j.Metric.Name(), quantity(j.allowed))
	planted := visible * j.allowed
	switch {
	case j.outcome == cannotTell:
		return proof(name, j.why, "")
	case j.outcome == worse:
		return proof(name, fmt.Sprintf("failing equal trials: %s: %s", j, g.advice(j, j.Change.Value)), "")
	case j.floor > j.allowed:
		return proof(name, fmt.Sprintf("below the noise floor of %s, which decides in its place: %s, or make the runs longer", quantity(j.floor), g.advice(j, j.floor)), "")
	case !g.finds(j.Metric, planted, x, y):
		return proof(name, fmt.Sprintf("a rise by %s is not found in %d and %d trials, so much do they differ: %s, or make the runs longer", quantity(planted), j.N[0], j.N[1], g.advice(j, spanOf(x[j.Metric], y[j.Metric])/visible)), "")
	}
	return proof(name, "", fmt.Sprintf("noise floor %s; a rise by %s fails", quantity(j.floor), quantity(planted)))
}

// spanOf returns how far apart values of both samples are at most: more than that tells them apart.
func spanOf(x, y []float64) float64 {
	return max(slices.Max(x), slices.Max(y)) - min(slices.Min(x), slices.Min(y))
}

// finds tells whether the figure is worse where it is that much more in y.
func (g gate) finds(m report.Metric, more float64, x, y map[report.Metric][]float64) bool {
	raised := maps.Clone(y)
	raised[m] = slices.Clone(y[m])
	for i := range raised[m] {
		raised[m][i] += more
	}
	return slices.ContainsFunc(g.judge(x, raised), func(j judged) bool { return j.Metric == m && j.outcome == worse })
}

// advice returns what to set for a tolerance above so much of the figure.
func (g gate) advice(j judged, least float64) string {
	const room = 1.25 // what is measured of noise is itself an estimate
	share := math.Ceil(100*room*least/max(j.Before, math.SmallestNonzeroFloat64)) / 100
	switch {
	case j.Metric == report.GrowthPerRequest:
		return fmt.Sprintf("set Growth: %.0f", math.Ceil(room*least))
	case j.Metric == report.P99Latency && g.latencyAbsolute >= g.latency*j.Before:
		whole := time.Duration(math.Ceil(room*least*1e3)) * time.Millisecond
		return fmt.Sprintf("set LatencyAbsolute to %v", whole)
	case j.Metric == report.P99Latency:
		return fmt.Sprintf("set Latency: %.2f", share)
	case g.absolute >= g.relative*j.Before:
		return fmt.Sprintf("set Absolute: \"%.0fKiB\"", math.Ceil(room*least/kib))
	}
	return fmt.Sprintf("set Relative: %.2f", share)
}

func (b Baseline) prove(e evidence) []report.Check {
	d, err := b.compareAny(e.once)
	name := "baseline: " + b.File
	switch {
	case err == nil && d.file == nil && d.err() == nil:
		return append(b.Tolerance.prove(e), proof(name, "", "not tried: "+d.stale()))
	case err == nil:
		err = d.err()
	}
	if err != nil {
		return []report.Check{proof(name, err.Error(), "")}
	}
	all := append(b.Tolerance.prove(e), proof(name, "", "the target as it is has not drifted"))
	for _, j := range d.verdicts {
		if planted := visible * max(j.allowed, j.floor); j.outcome != cannotTell && !d.gate.finds(j.Metric, planted, d.file.Values(), d.fresh.Values()) {
			all = append(all, proof(name, fmt.Sprintf("a rise of %s by %s is not found", j.Metric.Name(), tell.Quantity(planted, j.Metric)), ""))
		}
	}
	return all
}

// compareAny returns compare with runs of whatever test: SelfTest is asked by another one.
func (b Baseline) compareAny(now []*report.Record) (drift, error) {
	d, err := b.compare(now)
	if err == nil && d.file != nil {
		d.fresh.Name, d.fresh.Package = d.file.Name, d.file.Package
	}
	return d, err
}

// keepNoise writes the noise floors of equal trials into the file, where none are in it,
// or somebody asks for an update; the error then says so.
func (b Baseline) keepNoise(t TB, e evidence) error {
	t.Helper()
	d, err := b.compareAny(e.once)
	if err != nil || d.file == nil {
		return err
	}
	floors := map[report.Metric]float64{}
	d.gate.floors = nil // what was learned before
	for _, j := range d.gate.judge(compare.FiguresOf(e.once), compare.FiguresOf(e.again)) {
		if j.outcome != cannotTell {
			floors[j.Metric] = baseline.RoundUp(j.Metric, j.floor)
		}
	}
	switch update := asksForUpdate(); {
	case len(d.file.Noise()) > 0 && !update:
		return nil
	case underCI() && !update:
		t.Logf("memtest: baseline %s does not know its noise floors yet: run this outside CI, and commit the file", d.place)
		return nil
	default:
		if err := d.place.Write(d.file.WithNoise(floors)); err != nil {
			return err
		}
		if update {
			return errors.New("noise floors of baseline " + d.place.String() + " recorded anew: read its diff, commit it, and run again without an update")
		}
		t.Logf("memtest: noise floors are now in baseline %s: commit it", d.place)
		return nil
	}
}
