package leak

import (
	"math"
	"slices"

	"github.com/memgate/memgate/internal/stats"
)

// mib is 2^20 bytes.
const mib = 1 << 20

// curve is one figure over the window, reduced to some dozens of points.
type curve struct{ at, x, y []float64 } // seconds, requests completed, the figure

// rule is what is asked of one curve: is there sustained growth (Leaking), and if
// not, how much growth can be excluded (Steady)? What neither answers is Inconclusive.
type rule struct {
	span      float64      // requests of the whole window
	threshold float64      // growth over the window below which nothing is called a leak
	margin    float64      // growth over the window that Steady excludes
	wide      float64      // the same where nothing speaks for growth, or it has more than halved
	least     float64      // growth over the window below which no bound is claimed
	above     float64      // growth per request that the user allows
	reduce    stats.Reduce // a block's value
	blocks    []int        // how many blocks a tail is cut into, to exclude growth

	swinging []float64                     // tails of a figure that swings, as shares of the window
	ramps    bool                          // the load grows with the window: no growth can be told from it
	doubling bool                          // growth in doubling steps may be a leak
	observed func(cut, slope float64) bool // whether the end of the window is seen; nil: it is
}

// finding is what a rule says of a curve.
type finding struct {
	verdict Verdict
	reasons []reason    // why it is not Leaking
	slope   stats.Slope // after the warm-up; no X where too few points are left
	doubled bool        // it leaks in doubling steps; slope has no error then
	bound   float64     // growth per request that can be excluded; +Inf if none
	stop    stats.Stop  // whether growth has provably ended
	curve   curve       // what was judged, the load taken out
	first   int         // index of the first point that was looked at
	warm    int         // index of the first point after the warm-up
}

const warmupShare = 0.10 // of the points are always taken for warm-up

// judge applies the rule to a curve.
func (r rule) judge(c curve) finding {
	first := int(math.Ceil(warmupShare * float64(len(c.x))))
	f := finding{curve: c, first: first, warm: r.endOfWarmup(c, first)}
	f.stop = stats.FindStop(c.x[first:], c.y[first:], r.threshold)
	f.slope, f.reasons = r.growth(c, first, f.warm)
	if len(f.reasons) > 0 && r.doubling && !r.ramps && stats.Doubles(c.x, c.y, first, r.threshold) {
		f.doubled, f.reasons = true, nil
		f.slope = stats.Slope{Value: r.rise(c, first, len(c.x)-3) / (c.x[len(c.x)-1] - c.x[first]), Err: math.NaN(), X: c.x[first:]}
	}
	var excluded bool
	f.bound, excluded = r.exclude(c, first, f.warm, f.stop.Proven)
	switch {
	case len(f.reasons) == 0:
		f.verdict = Leaking
	case excluded:
		f.verdict = Steady
	}
	return f
}

// endOfWarmup returns the index after the last break at which growth slowed. Only slowing
// counts: a rule that cuts at any change would cut a leak for ever.
func (r rule) endOfWarmup(c curve, first int) int {
	k := first
	for range 6 {
		if len(c.x)-k < 12 {
			break
		}
		x, y := c.x[k:], c.y[k:]
		b, ok := stats.FindBreak(x, y)
		if !ok || b.P >= 0.05 || b.After >= 0.6*b.Before {
			break
		}
		if b.Before*(x[b.At]-x[0])/(x[len(x)-1]-x[0]) <= r.threshold/2 {
			break
		}
		k += b.At
	}
	return k
}

// growth returns the slope after the warm-up, and all that speaks against a leak. Each
// condition is written so that a figure that is not a number speaks against it.
func (r rule) growth(c curve, first, warm int) (stats.Slope, []reason) {
	n := len(c.x)
	if n-warm < 6 {
		return stats.Slope{Value: math.NaN(), Err: math.NaN()}, []reason{endsTooLate}
	}
	s := stats.BlockSlope(c.x[warm:], c.y[warm:], 10, r.reduce)
	cut := float64(warm) / float64(n)
	var against []reason
	check := func(ok bool, why reason) {
		if !ok {
			against = append(against, why)
		}
	}
	steps := stats.Diff(s.Y)
	bend, bent := s.Bend()
	enough := 1.5
	if warm > first {
		enough = 2
	}
	check(s.Lower(stats.P99) > r.above, notSignificant)
	check(s.Value*r.span >= r.threshold, belowThreshold)
	mean := stats.Mean(steps)
	check(stats.Median(steps) >= 0.5*mean, fewSteps)
	check(bent && bend.Sustained >= enough, notSustained)
	check(!(bend.Change < -1.9 && bend.Second < 0.85*bend.First), decelerating)
	check(cut <= 0.55, windowTooShort)
	check(warm == first || s.Value*(c.x[n-1]-c.x[warm]) >= 0.25*warmupGrowth(c, first, warm), smallAgainstWarmup)
	check(!r.ramps, loadRamps)
	check(r.observed == nil || r.observed(cut, s.Value), fewCycles)
	return s, against
}

// warmupGrowth returns how much the figure grew before the warm-up's end.
func warmupGrowth(c curve, first, warm int) float64 {
	before := append([]float64(nil), c.y[first:first+3]...)
	after := append([]float64(nil), c.y[max(0, warm-3):warm+1]...)
	return stats.Median(after) - stats.Median(before)
}

// exclude returns an upper bound of the growth per request, and whether it is below its
// margin (two one-sided tests: Schuirmann 1987). The longest tail of the window that
// excludes growth gives the bound; the smallest of all bounds would be below the truth
// too often. A tail that begins after growth counts only where that growth has
// provably ended.
func (r rule) exclude(c curve, first, warm int, stopped bool) (bound float64, ok bool) {
	bound = math.Inf(1)
	for _, from := range r.tails(c, first, warm) {
		if from > first && !stopped || !(c.x[len(c.x)-1]-c.x[from] >= shortestTail*r.span) {
			continue
		}
		upper, good := r.excludeFrom(c, first, from)
		if good {
			return max(upper, r.least/r.span), true
		}
		bound = min(bound, upper)
	}
	return max(bound, r.least/r.span), false
}

// swings tells whether the figure goes up and down, twice at least, by more than the
// margin: then a tail is a part of a swing, and flat for no other reason.
func (r rule) swings(c curve, first int) bool {
	x, y := c.x[first:], c.y[first:]
	_, blocks := stats.Blocks(x, y, min(20, len(x)/2), r.reduce)
	return stats.Turns(blocks, r.margin) >= 2
}

// shortestTail is the share of the window's requests below which a tail says nothing
// of the window.
const shortestTail = 0.15

// tenths are the shares of the window from which tails are looked at, and the end of
// the warm-up.
var tenths = []float64{0.3, 0.4, 0.5, 0.6, 0.7, 0.8}

// tails returns the points from which growth may be excluded, in their order. Of a figure
// that swings, the tails are parts of swings, flat or falling for no other reason: the
// whole window counts, and where nothing better is known two tails.
func (r rule) tails(c curve, first, warm int) []int {
	n := len(c.x)
	at, shares := []int{first, warm}, tenths
	if r.swings(c, first) {
		shares = r.swinging
		if len(shares) == 0 {
			return at[:1]
		}
	}
	for _, share := range shares {
		at = append(at, int(math.Ceil(share*float64(n))))
	}
	slices.Sort(at)
	return slices.DeleteFunc(slices.Compact(at), func(k int) bool { return k < first || n-k < 4 })
}

// excludeFrom returns the upper bound in one tail: the larger one of those block sizes
// that put it below its margin, the smallest one if none does. The margin is wide
// where nothing speaks for growth, or where it has more than halved.
func (r rule) excludeFrom(c curve, first, from int) (bound float64, ok bool) {
	early := 0.0
	if from >= first+3 {
		early = r.rise(c, first, from) / max(c.x[from]-c.x[first], 1e-9)
	}
	bound = math.Inf(1)
	for _, blocks := range r.blocks {
		slope := stats.BlockSlope(c.x[from:], c.y[from:], blocks, r.reduce)
		upper := slope.Upper(stats.P95)
		limit := r.margin
		if slope.Lower(stats.P95) <= 0 || upper < 0.5*early {
			limit = max(limit, r.wide)
		}
		switch good := upper*r.span < limit; {
		case good && ok:
			bound = max(bound, upper)
		case good:
			bound, ok = upper, true
		case !ok && upper < bound:
			bound = upper
		}
	}
	return bound, ok
}

// rise returns the growth between two points, each the lowest of three.
func (r rule) rise(c curve, from, to int) float64 {
	return stats.Min(c.y[to:to+3]) - stats.Min(c.y[from:from+3])
}
