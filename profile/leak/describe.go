package leak

import (
	"fmt"
	"math"
	"strings"

	"github.com/memgate/memgate/internal/stats"
	"github.com/memgate/memgate/profile"
)

// describe tells what was found and decided in the terms of a Trend.
func (l *look) describe(all []judged, d decision) Trend {
	bytes := all[0]
	if d.verdict == Leaking && d.by.name == OffHeap {
		bytes = d.by
	}
	t := Trend{
		Verdict:    d.verdict,
		Signal:     d.by.name,
		PerRequest: bytes.estimate(),
		Threshold:  bytes.rule.threshold,
		Margin:     bytes.rule.margin,
		Detectable: l.detectable(bytes),
		Shape:      shapeOf(d),
		Split:      l.split(),
		Reason:     d.why,
		Memory:     l.memoryNow(),
		Amplified:  l.amplified(bytes.name),
	}
	if d.verdict != Steady && bytes.name == LiveHeap && bytes.rule.observed == nil {
		t.Onset = bytes.onset()
	}
	if d.by.name == ReachableHeap {
		t.PerRequest = l.reachableGrowth()
		t.Signals = append(t.Signals, Signal{Name: ReachableHeap, Verdict: d.verdict, Slope: t.PerRequest, Unit: "B"})
	}
	t.PerSecond = t.PerRequest.Times(l.span / l.seconds)
	for _, j := range all {
		t.Signals = append(t.Signals, j.signal())
		if j.name == HeapObjects {
			t.Objects = j.estimate()
		}
		if d.verdict == Steady && mustBeSteady(j.name) {
			t.Bound = max(t.Bound, j.bound)
		}
	}
	if d.verdict == Inconclusive {
		t.Reason = l.reason(d)
		if t.Onset.Found() {
			t.Reason += "; " + t.Onset.String()
		}
		t.Remedy, t.More = l.remedy(d)
	}
	return t
}

func (j judged) signal() Signal {
	c := Signal{
		Name: j.name, Verdict: j.verdict, Slope: j.estimate(), Unit: "B",
		Threshold: j.rule.threshold, Margin: j.rule.margin,
	}
	if unit, counted := countUnits[j.name]; counted {
		c.Unit = unit
	}
	if j.verdict == Steady {
		c.Bound = j.bound
	}
	for _, r := range j.reasons {
		c.Reasons = append(c.Reasons, string(r))
	}
	return c
}

// estimate returns the slope with its interval. There is none where it would hold the truth
// in far fewer than 95 of 100 cases: for growth in doubling steps, for natural
// collections (their moments are not known, and 65 of 100 were measured) and for the
// working set.
func (j judged) estimate() profile.Estimate {
	if math.IsNaN(j.slope.Value) {
		return profile.Estimate{}
	}
	e := profile.Estimate{Value: j.slope.Value, Lo: j.slope.Value, Hi: j.slope.Value, Points: len(j.slope.X)}
	if !math.IsNaN(j.slope.Err) && j.rule.observed == nil && j.name != WorkingSet {
		drift := j.drift()
		e.Lo, e.Hi = j.slope.Lower(stats.P975)-drift, j.slope.Upper(stats.P975)+drift
	}
	return e
}

// drift returns what a healthy live heap may add to a slope besides noise.
func (j judged) drift() float64 {
	if j.name != LiveHeap {
		return 0
	}
	return heapDrift / j.rule.span
}

// detectable returns the leak per request that such noise lets through in one of five
// runs: by simulation, 19 standard errors of a block, and 23 after a warm-up.
func (l *look) detectable(j judged) float64 {
	if len(j.slope.X) == 0 || j.doubled {
		return 0
	}
	errors := 19.0
	if j.warm > j.first {
		errors = 23
	}
	return max(2*j.rule.threshold, errors*j.slope.Widened*j.slope.Noise) / l.span
}

// reason returns why the run is Inconclusive.
func (l *look) reason(d decision) string {
	j := d.by
	switch d.veto {
	case givenBack:
		return fmt.Sprintf("%s: it grew with the requests, but most of that was given back when the load stopped", j.name)
	case tooShort:
		return fmt.Sprintf("%s: it does not grow, but %.1f s of load are too short to say so (%d s would do)", j.name, l.seconds, shortestWindow)
	case onlyBytes:
		return fmt.Sprintf("%s: it grows by %s with each request, %s in all, but the number of objects in it does not grow", j.name, perRequest(j.slope.Value), perRequest(j.slope.Value*j.rule.span))
	case stillCounts:
		return fmt.Sprintf("%s: %.3g more with each request, which is not certain to be a leak (%s), but more than a steady heap has",
			j.name, j.slope.Value, j.why())
	case kernelGrows:
		return fmt.Sprintf("%s: it grows by %s with each request, but the kernel may give it back", j.name, perRequest(j.slope.Value))
	case weakWitness:
		return fmt.Sprintf("%s: it grows by %s with each request, which a garbage collected heap does without a leak, "+
			"and nothing is known of the heap", j.name, perRequest(j.slope.Value))
	}
	text := fmt.Sprintf("%s: not certain to be a leak (%s)", j.name, j.why())
	switch {
	case len(j.curve.x) == 0:
		return fmt.Sprintf("%s: %s", j.name, j.why())
	case !j.stop.Proven:
		return text + ", nor that growth has ended"
	case math.IsInf(j.bound, 0):
		return text + ", nor can growth be excluded"
	}
	return fmt.Sprintf("%s, and growth of up to %s with each request is not excluded (%s would do)",
		text, perRequest(j.bound), perRequest(j.rule.margin/j.rule.span))
}

func (f finding) why() string {
	words := make([]string, len(f.reasons))
	for i, r := range f.reasons {
		words[i] = string(r)
	}
	return strings.Join(words, ", ")
}

// perRequest returns a size per request as people read it.
func perRequest(bytes float64) string {
	switch {
	case math.Abs(bytes) >= mib:
		return fmt.Sprintf("%.3g MiB", bytes/mib)
	case math.Abs(bytes) >= 10*1024:
		return fmt.Sprintf("%.3g KiB", bytes/1024)
	}
	return fmt.Sprintf("%.4g B", bytes)
}
