package profile

import (
	"math"

	"github.com/memgate/memgate/internal/stats"
)

// shapeOf is the form of the deciding figure's course in words.
func shapeOf(d decision) string {
	j := d.by
	n := len(j.curve.x)
	switch {
	case d.verdict == Leaking:
		return "leak"
	case n-j.first < 6:
		return ""
	case !(j.rule.rise(j.curve, j.first, n-3) >= j.rule.floor):
		return withoutGrowth(j)
	}
	return ofGrowth(j)
}

// withoutGrowth tells a sawtooth from a flat line: it goes up and down by more than
// the floor, several times.
func withoutGrowth(j judged) string {
	y := j.curve.y[j.first:]
	low, high := stats.Min(y), math.Inf(-1)
	for _, v := range y {
		high = max(high, v)
	}
	if high-low < 2*j.rule.floor {
		return "flat"
	}
	turns, up := 0, false
	for _, v := range y {
		if !up && v > low+0.7*(high-low) || up && v < low+0.3*(high-low) {
			turns, up = turns+1, !up
		}
	}
	if turns >= 4 {
		return "sawtooth"
	}
	return "flat"
}

// ofGrowth tells growth that ended from growth that did not, and how it ended: at
// once, at its usual pace (a cache that is full), or ever more slowly.
func ofGrowth(j judged) string {
	x, y := j.curve.x[j.first:], j.curve.y[j.first:]
	window := x[len(x)-1] - x[0]
	reached := stats.Reached(x, y)
	quarter, half, full := reached[2], reached[4], reached[len(reached)-1]
	switch {
	case full-quarter < 0.1*window && x[len(x)-1]-full > 0.05*window:
		return "step"
	case j.verdict != Steady && x[len(x)-1]-full < 0.1*window:
		return "growth"
	case half-x[0] < 0.4*(full-x[0]):
		return "plateau"
	}
	return "cache fill"
}
