package leak

import (
	"math"
	"time"

	"github.com/memgate/memgate/internal/stats"
	"github.com/memgate/memgate/profile"
)

// Forecast is when memory reaches a limit if the load goes on.
type Forecast struct {
	Never    bool          // growth is not certain: After and Latest say nothing
	After    time.Duration // from the end of the window
	Earliest time.Duration // at the upper end of the growth's interval, or at the bound of what is steady; 0 with Never means that nothing is known
	Latest   time.Duration // at its lower end; 0 where the growth has no interval
}

// Forecast tells when memory reaches limit (bytes) at rate (requests per second).
// A garbage collected heap is let grow to a multiple of what is live before it is
// collected, and so memory grows by that multiple of a leak.
func (t Trend) Forecast(limit uint64, rate float64) Forecast {
	room := max(0, float64(limit)-t.Memory)
	after := func(perRequest float64) time.Duration {
		return seconds(room / (perRequest * max(t.Amplified, 1) * rate))
	}
	e := t.PerRequest
	switch {
	case !(rate > 0) || e.Points == 0 || t.Memory == 0:
		return Forecast{Never: true}
	case t.Verdict == Steady:
		return Forecast{Never: true, Earliest: after(t.Bound)}
	case !e.Interval() && e.Value > 0 && t.Verdict == Leaking:
		return Forecast{After: after(e.Value)}
	case e.Interval() && e.Lo > 0:
		return Forecast{After: after(e.Value), Earliest: after(e.Hi), Latest: after(e.Lo)}
	case e.Interval() && e.Hi > 0:
		return Forecast{Never: true, Earliest: after(e.Hi)}
	}
	return Forecast{Never: true}
}

// seconds returns a number of seconds as a Duration, and the longest that there is where
// it is longer.
func seconds(s float64) time.Duration {
	if !(s < float64(math.MaxInt64/time.Second)) {
		return math.MaxInt64
	}
	return time.Duration(s * float64(time.Second))
}

// memoryNow returns the working set at the window's end: the median of its last tenth.
func (l *look) memoryNow() float64 {
	if !l.has(profile.WorkingSet) {
		return 0
	}
	n := l.samples.len()
	last := make([]float64, 0, n/10+1)
	for i := n - n/10 - 1; i < n; i++ {
		last = append(last, float64(l.samples.at(i).WorkingSet))
	}
	return stats.Median(last)
}

// amplified returns how many bytes memory grows by for each byte that the signal does:
// for the heap what the runtime lets it grow to, by its own goal at the end.
func (l *look) amplified(signal SignalName) float64 {
	about := l.Runtime.OrGo()
	if signal != LiveHeap {
		return 1
	}
	var live, goal uint64
	if n := len(l.LiveHeaps); n > 0 {
		live, goal = l.LiveHeaps[n-1].HeapAlloc, l.LiveHeaps[n-1].NextGC
	}
	if n := len(l.Polls); n > 0 && goal == 0 {
		live, goal = l.Polls[n-1].HeapLive, l.Polls[n-1].NextGC
	}
	switch ratio := float64(goal) / float64(live); {
	case live == 0 || goal <= about.LeastGoal:
		return about.Amplifies
	case ratio > 8: // collections are switched off, or come at a memory limit only
		return 1
	default:
		return max(1, ratio)
	}
}
