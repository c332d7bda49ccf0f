package leak

import (
	"slices"

	"github.com/memgate/memgate/internal/stats"
)

// shapeOf returns the form of the deciding figure's course in words.
func shapeOf(d decision) string {
	j := d.by
	n := len(j.curve.x)
	switch {
	case d.verdict == Leaking:
		return "leak"
	case n < 2:
		return ""
	case n-j.first < 6:
		if j.curve.y[n-1]-j.curve.y[0] >= j.rule.threshold {
			return "growth"
		}
		return "flat"
	case swingsOften(j):
		return "sawtooth"
	case !(j.rule.rise(j.curve, j.first, n-3) >= j.rule.threshold):
		return "flat"
	}
	return ofGrowth(j)
}

// swingsOften tells a sawtooth: three times at least, the figure turns and goes back
// half its range, which is more than twice what is called growth.
func swingsOften(j judged) bool {
	y := j.curve.y[j.first:]
	swing := (slices.Max(y) - slices.Min(y)) / 2
	return swing >= j.rule.threshold && stats.Turns(y, swing) >= 3
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
