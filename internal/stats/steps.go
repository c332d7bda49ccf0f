package stats

import (
	"math"
	"slices"

	"github.com/montanaflynn/stats"
)

// Stop says whether growth has provably ended.
type Stop struct {
	Proven bool
	Until  float64 // the x at which a tail as flat as this one would prove it; 0 if there is nothing to prove
}

// FindStop looks whether the flat tail of y is long enough to prove that growth has
// ended: 2.5 times the longest pause between growth before. Equal chunks come at
// equal distances, and the steps of a doubling table at twice the last distance, so
// that a shorter tail may be one more pause. Growth below floor needs no proof.
//
// A pause is a wait that faster growth follows; growth that only slows has none.
func FindStop(x, y []float64, floor float64) Stop {
	const proof = 2.5
	n := len(y)
	if n < 6 {
		return Stop{Proven: true}
	}
	low, high := Min(y[:3]), Min(y[n-3:])
	if !(high-low >= floor) {
		return Stop{Proven: true}
	}
	reached := Reached(x, y)
	waits := Diff(reached[:])
	var pause float64
	for j := range waits[:len(waits)-1] {
		if Min(waits[j+1:]) < waits[j]/2 {
			pause = max(pause, waits[j])
		}
	}
	until := reached[levels-1] + proof*pause
	return Stop{Proven: proof*pause <= x[n-1]-reached[levels-1], Until: until}
}

// levels is how many steps of its height a rise is looked at in.
const levels = 8

// Reached returns the x at which y first reached each sixteenth (1/16, 3/16, … 15/16) of its
// rise for good, the rise being from the lowest of its first to the lowest of its last
// three points. There must be six points.
func Reached(x, y []float64) (reached [levels]float64) {
	low, high := Min(y[:3]), Min(y[len(y)-3:])
	kept := neverLeft(y)
	for j := range reached {
		level := low + (float64(j)+0.5)/levels*(high-low)
		reached[j] = x[max(0, slices.IndexFunc(kept, func(v float64) bool { return v >= level }))]
	}
	return reached
}

// neverLeft returns the level that y does not fall below again, at each point.
func neverLeft(y []float64) []float64 {
	kept := slices.Clone(y)
	for i := len(kept) - 2; i >= 0; i-- {
		kept[i] = min(kept[i], kept[i+1])
	}
	return kept
}

// Turns returns how often v changes its direction, up or down, by at least swing.
func Turns(v []float64, swing float64) int {
	if len(v) == 0 {
		return 0
	}
	turns, up, down := 0, false, false
	low, high := v[0], v[0] // since the last turn
	for _, a := range v {
		low, high = min(low, a), max(high, a)
		switch {
		case !up && a-low >= swing:
			if down {
				turns++
			}
			up, down, high = true, false, a
		case !down && high-a >= swing:
			if up {
				turns++
			}
			up, down, low = false, true, a
		}
	}
	return turns
}

// Doubles tells whether y grows in doubling steps and still does: over the last three
// octaves of x, each doubling of x doubled the growth. That is how a hash table
// without bound grows, whatever its phase.
func Doubles(x, y []float64, warmup int, floor float64) bool {
	n := len(x)
	if n < 12 || !(x[0] <= x[n-1]/8) || !InSteps(x[warmup:], y[warmup:]) {
		return false
	}
	level := func(share float64) float64 {
		i, _ := slices.BinarySearch(x, share*x[n-1])
		return Min(y[max(0, i-1):min(n, i+2)])
	}
	end := Min(y[n-3:])
	last, middle, first := end-level(1./2), level(1./2)-level(1./4), level(1./4)-level(1./8)
	doubled := func(ratio float64) bool { return ratio > 1.5 && ratio < 2.7 }
	return last >= 2*floor && first > max(floor/4, 3*stepNoise(y)) &&
		doubled(last/middle) && doubled(middle/first) &&
		end-level(0.8) >= last/4
}

// InSteps tells whether growth comes in few steps: in most blocks there is little.
func InSteps(x, y []float64) bool {
	_, blocks := Blocks(x, y, min(10, len(x)/2), Min)
	grown := Diff(blocks)
	mean := Mean(grown)
	return Median(grown) <= 0.5*mean
}

// stepNoise returns the standard deviation of y's noise from its successive differences,
// by their median absolute deviation: steps are rare enough not to count.
func stepNoise(y []float64) float64 {
	const normal = 1.4826 / math.Sqrt2 // of the noise's deviation to its differences' median one
	mad, err := stats.MedianAbsoluteDeviation(Diff(y))
	if err != nil {
		return math.NaN()
	}
	return normal * mad
}
