package leak

import (
	"time"

	"github.com/memgate/memgate/internal/stats"
)

// clock is how many requests had been completed at each moment of the window.
type clock struct{ at, requests []float64 }

// loadClock returns the requests completed over time. Without samples the live heaps tell it.
func loadClock(e Evidence) clock {
	samples := thin(e.Samples)
	n, moment := samples.len(), func(i int) (time.Duration, uint64) { return samples.at(i).At, samples.at(i).Requests }
	if n < 2 {
		n, moment = len(e.LiveHeaps), func(i int) (time.Duration, uint64) { return e.LiveHeaps[i].At, e.LiveHeaps[i].Requests }
	}
	c := clock{at: make([]float64, n), requests: make([]float64, n)}
	for i := range n {
		at, requests := moment(i)
		c.at[i], c.requests[i] = at.Seconds(), float64(requests)
	}
	return c
}

// rate returns the request rate from back seconds before each moment to ahead seconds
// after it, within the window.
func (c clock) rate(at []float64, back, ahead float64) []float64 {
	const shortest = 0.2 // seconds: below, a rate is one request more or less
	rates := make([]float64, len(at))
	first, last := c.at[0], c.at[len(c.at)-1]
	for i, t := range at {
		from := max(t-back, first)
		to := max(min(t+ahead, last), from+shortest)
		rates[i] = (stats.Interp(to, c.at, c.requests) - stats.Interp(from, c.at, c.requests)) / (to - from)
	}
	return rates
}

// followLoad takes out of the curve what follows the momentary load: memory that
// requests in flight hold, or that is kept for a while for each of them. ramps says
// that the load grows with the window, when growth by requests and growth by load
// cannot be told apart.
//
// How long memory is kept for a request is not known (a session's life, a cache's
// expiry): the rate over times past from 3 % to 48 % of the window is tried.
func (c curve) followLoad(load clock) (corrected curve, changed, ramps bool) {
	length := load.at[len(load.at)-1] - load.at[0]
	near := max(1, 0.03*length)
	now := load.rate(c.at, near, near)
	mean := stats.Mean(now)
	if !(mean > 0) || stats.Deviation(now) < 0.1*mean {
		return c, false, false
	}
	if stats.Correlation(c.x, now) > 0.7 {
		return c, false, true
	}
	before := roughness(c.y)
	best := 0.8 * (before[0] + before[1])
	corrected = c
	rates := [][]float64{now}
	for share := 0.03; share < 0.5; share *= 2 {
		rates = append(rates, load.rate(c.at, max(1, share*length), 0))
	}
	for _, rate := range rates {
		y := lessLoad(c, rate, mean)
		after := roughness(y)
		if after[0]+after[1] < best && after[0] < 0.9*before[0] && after[1] < 0.9*before[1] {
			best, corrected, changed = after[0]+after[1], curve{c.at, c.x, y}, true
		}
	}
	return corrected, changed, false
}

// lessLoad returns the figure without what changes with the rate. The share is taken from
// successive differences: a fit of levels mistakes a curved warm-up for load.
func lessLoad(c curve, rate []float64, mean float64) []float64 {
	perRate := max(0, stats.SecondCoefficient(stats.Diff(c.x), stats.Diff(rate), stats.Diff(c.y)))
	y := make([]float64, len(c.y))
	for i := range y {
		y[i] = c.y[i] - perRate*(rate[i]-mean)
	}
	return y
}

// roughness returns the sum of squared differences in each half of a series. A warm-up
// that meets a change of load is smoother without the load in one half only.
func roughness(v []float64) [2]float64 {
	var sum [2]float64
	for i, d := range stats.Diff(v) {
		half := 0
		if i >= len(v)/2 {
			half = 1
		}
		sum[half] += d * d
	}
	return sum
}

// judgeUnderLoad judges a curve with the load taken out of it. The correction may
// take growth away, never make it: a leak must be one without it too.
func (r rule) judgeUnderLoad(c curve, load clock) finding {
	corrected, changed, ramps := c.followLoad(load)
	r.ramps = ramps
	f := r.judge(corrected)
	if f.verdict == Leaking && changed && r.judge(c).verdict != Leaking {
		f.verdict, f.reasons = Inconclusive, append(f.reasons, onlyCorrected)
	}
	return f
}
