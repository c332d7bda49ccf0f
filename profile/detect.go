package profile

import (
	"math"

	"github.com/memgate/memgate/internal/stats"
)

// Detect judges the target's memory over the measured window of a run: whether it
// grows with the requests served. It is a pure function of e; too little data, or
// data that cannot be trusted, is Inconclusive with the reason and the remedy.
func Detect(e Evidence) Trend {
	if len(e.Broken) > 0 {
		return Trend{Reason: e.Broken[0], Remedy: "repeat the run"}
	}
	if len(e.Floors) >= 6 {
		var x, y []float64
		for _, f := range e.Floors {
			x, y = append(x, float64(f.Requests)), append(y, float64(f.Live()))
		}
		return judgeLine("live heap", x, y)
	}
	if len(e.Samples) < 24 {
		return Trend{Reason: "too few samples", Remedy: "run the load longer, or serve net/http/pprof"}
	}
	var x, y []float64
	for _, s := range e.Samples[len(e.Samples)/5:] { // the first fifth is warm-up
		x, y = append(x, float64(s.Requests)), append(y, float64(s.WorkingSet))
	}
	t := judgeLine("working set", x, y)
	if t.Verdict == Leaking && !e.WorkingSetLeaks {
		t.Verdict = Inconclusive
		t.Reason = "the working set grows, which a garbage collected heap does without a leak"
		t.Remedy = "serve net/http/pprof, so that the heap is measured after collections"
	}
	return t
}

// judgeLine compares the growth of a straight line with half a MiB (leaking) and
// with one MiB (steady) over the window.
func judgeLine(channel string, x, y []float64) Trend {
	span := x[len(x)-1] - x[0]
	b, se := stats.Line(x, y)
	if span <= 0 || math.IsNaN(b) || math.IsNaN(se) {
		return Trend{Channel: channel, Reason: "no requests were completed", Remedy: "check that the load reaches the target"}
	}
	t := Trend{Channel: channel, PerRequest: Estimate{Value: b, Lo: b - 2*se, Hi: b + 2*se, Points: len(x)}}
	switch {
	case t.PerRequest.Lo > 0 && b*span > 512<<10:
		t.Verdict = Leaking
	case t.PerRequest.Hi*span < 1<<20:
		t.Verdict, t.Bound = Steady, max(t.PerRequest.Hi, (1<<20)/span)
	default:
		t.Reason, t.Remedy = "growth is neither certain nor excluded", "run the load longer"
	}
	return t
}
