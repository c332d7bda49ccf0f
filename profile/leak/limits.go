package leak

import (
	"math"

	"github.com/memgate/memgate/internal/stats"
)

// amount is a growth over the window: so many MiB, or that share of the figure's
// median where it is more.
type amount struct{ mib, share float64 }

func (a amount) of(median float64) float64 { return max(a.mib*mib, a.share*median) }

// limits are a signal's: growth below threshold is not called a leak, growth above
// margin is not called steady, and wide takes margin's place where nothing speaks for
// growth. They were set from the noise of healthy services.
type limits struct{ threshold, margin, wide amount }

var (
	heapLimits       = limits{amount{0.5, 0.01}, amount{1, 0.02}, amount{2, 0.05}}
	workingSetLimits = limits{amount{1, 0.02}, amount{2, 0.03}, amount{2, 0.05}}
	offHeapLimits    = limits{amount{1, 0.02}, amount{2, 0.05}, amount{}}
	kernelLimits     = limits{amount{2, 0.02}, amount{4, 0.02}, amount{}}
	tmpfsLimits      = limits{amount{1, 0.02}, amount{2, 0.05}, amount{}}
)

const (
	heapDrift       = 0.2 * mib // bytes by which a healthy live heap drifts in a run of whatever length
	leastClaim      = mib       // bytes over the window: below, healthy drift and small leaks look alike
	objectDrift     = 300       // objects by which a healthy heap's number may differ
	objectThreshold = 0.02      // objects per request below which nothing is called a leak
	objectMargin    = 0.05

	// shortestWindow is how many seconds of load it takes to call anything steady: the
	// margins are bytes over the window, and a short one lets any leak be within them.
	shortestWindow = 10

	stillGrowing = 0.05 // objects per request at least: then nothing is called steady

	// A goroutine costs 2 KiB of stack and what it refers to, so that a hundred are
	// about the threshold of the heap.
	goroutineDrift     = 100
	goroutineThreshold = 0.01 // goroutines per request below which nothing is called a leak
)

// tenOrFive blocks are tried to exclude growth: five see through noise that ten do not.
var tenOrFive = []int{10, 5}

// ruleFor returns the rule for a curve of bytes.
func (l *look) ruleFor(c curve, lim limits, reduce stats.Reduce) rule {
	median := stats.Median(append([]float64(nil), c.y...))
	r := rule{
		span:      l.span,
		threshold: lim.threshold.of(median),
		margin:    lim.margin.of(median),
		wide:      lim.wide.of(median),
		least:     leastClaim,
		reduce:    reduce,
		blocks:    tenOrFive,
	}
	if l.Allowed > 0 {
		r.above, r.margin = l.Allowed, l.Allowed*l.span
		r.wide = min(r.wide, r.margin)
		r.least = min(r.least, r.margin)
	}
	return r
}

// judgeHeap judges the live heap. A block of it is reduced to its minimum: what
// requests in flight hold is added to what is retained, never taken from it.
func (l *look) judgeHeap() judged {
	c, forced := l.heapCurve()
	if len(c.x) < 4 {
		return judged{name: LiveHeap, finding: nothing(fewCycles)}
	}
	var observed func(cut, slope float64) bool
	if !forced {
		observed, c = l.cyclesSeen(c), l.binned(c)
	}
	r := l.ruleFor(c, heapLimits, stats.Min)
	r.doubling, r.observed = forced, observed
	return judged{LiveHeap, r, r.judgeUnderLoad(c, l.load)}
}

func (l *look) judgeWorkingSet() judged {
	c := l.workingSetCurve()
	if len(c.x) < fewestLive {
		return judged{name: WorkingSet, finding: nothing(fewSamples)}
	}
	r := l.ruleFor(c, workingSetLimits, stats.Min)
	r.swinging = []float64{0.4, 0.6} // a heap without a collection in the window swings
	return judged{WorkingSet, r, r.judgeUnderLoad(c, l.load)}
}

// judgeByWorkingSet judges a target with few collections, and so with few readings of
// its live heap, by its working set: if that is steady, and the readings, half a
// window of them at least, are the same. Either alone is not enough: the heap can
// grow into memory that it has already, and few readings say little of the rest.
func (l *look) judgeByWorkingSet(heap judged) judged {
	if heap.verdict != Inconclusive || len(l.LiveHeaps) >= fewestLive || l.samples.len() < fewestSamples {
		return heap
	}
	w := l.judgeWorkingSet()
	if w.verdict != Steady || !l.readingsAgree(w.rule) {
		return heap
	}
	return w
}

// readingsAgree tells whether the last readings of the live heap, over half the
// window at least, differ by less than what is called growth.
func (l *look) readingsAgree(r rule) bool {
	c := l.cycleCurve()
	low, high := math.Inf(1), math.Inf(-1)
	for i := len(c.y) - 1; i >= 0; i-- {
		low, high = min(low, c.y[i]), max(high, c.y[i])
		if high-low >= heapLimits.threshold.of(high) {
			return false
		}
		if c.x[len(c.x)-1]-c.x[i] >= 0.5*r.span {
			return true
		}
	}
	return false
}

// judgePlain judges a figure that requests in flight do not move.
func (l *look) judgePlain(name SignalName, c curve, lim limits) judged {
	if len(c.x) < 4 {
		return judged{name: name, finding: nothing(fewSamples)}
	}
	r := l.ruleFor(c, lim, stats.Median)
	r.blocks, r.wide = tenOrFive[:1], 0
	return judged{name, r, r.judge(c)}
}

// judgeObjects judges the number of heap objects. A count has no sampling noise, no
// size classes and no doubling tables.
func (l *look) judgeObjects(c curve) judged {
	r := l.countRule(objectDrift, objectThreshold, objectMargin)
	return judged{HeapObjects, r, r.judgeUnderLoad(c, l.load)}
}

// judgeGoroutines judges the number of goroutines.
func (l *look) judgeGoroutines(c curve) judged {
	r := l.countRule(goroutineDrift, goroutineThreshold, goroutineThreshold)
	return judged{Goroutines, r, r.judgeUnderLoad(c, l.load)}
}

// countRule returns the rule for a number of things that differs by drift in any case;
// threshold and margin are per request.
func (l *look) countRule(drift, threshold, margin float64) rule {
	r := rule{
		span:      l.span,
		threshold: max(drift, threshold*l.span),
		margin:    max(drift, margin*l.span),
		least:     drift,
		reduce:    stats.Min,
		blocks:    tenOrFive,
	}
	r.wide = r.margin
	return r
}

// nothing returns what is found where a curve has too few points.
func nothing(why reason) finding {
	return finding{reasons: []reason{why}, slope: stats.Slope{Value: math.NaN(), Err: math.NaN()}, bound: math.Inf(1)}
}
