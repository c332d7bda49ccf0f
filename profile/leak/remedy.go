package leak

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/memgate/memgate/internal/stats"
)

// remedy returns what would decide an Inconclusive run, and how much more load that takes
// (0 where more of the same would not help).
func (l *look) remedy(d decision) (text string, more time.Duration) {
	j := d.by
	has := func(r reason) bool { return slices.Contains(j.reasons, r) }
	more = l.again()
	switch {
	case d.veto == weakWitness && len(l.Reachable) > 0:
		return fmt.Sprintf("run %v longer: another heap walk will show whether the retainer grows with every request; or %s", more, l.Runtime.OrGo().Measure), more
	case d.veto == weakWitness && len(l.LiveHeaps) > 0:
		return l.moreCollections()
	case d.veto == weakWitness:
		return l.Runtime.OrGo().Measure + "; or accept the weaker verdict of the working set", 0
	case d.veto == tooShort:
		more = wholeSeconds(shortestWindow - l.seconds)
		return fmt.Sprintf("run %v more", more), more
	case d.veto == givenBack:
		return "lower the rate, so that requests do not pile up in the target, or warm up longer", 0
	case d.veto == kernelGrows:
		return "look for open files, sockets, tmpfs files and directory entries; cgroup v2 tells what the kernel can give back apart", 0
	case d.veto == noVeto && (has(loadRamps) || has(onlyCorrected)):
		return "hold the rate over the measured load", 0
	case j.name == LiveHeap && len(l.LiveHeaps) < fewestLive:
		return l.moreCollections()
	case d.veto == noVeto && !j.stop.Proven && j.stop.Until > 0:
		more = l.lasting(j.stop.Until - l.load.requests[len(l.load.requests)-1])
		return fmt.Sprintf("run %v more, until a flat end as long as that proves that growth has ended", more), more
	case l.Allowed > 0:
		return l.towardsAllowance(j)
	}
	return fmt.Sprintf("run %v more, or warm up longer before the measured load", more), more
}

// moreCollections returns the remedy where too few collections were seen.
func (l *look) moreCollections() (string, time.Duration) {
	forced, natural := len(l.LiveHeaps), l.collections()
	if forced > 0 && natural == 0 {
		more := l.scaled(float64(fewestLive) / float64(forced))
		return fmt.Sprintf("run %v more: %d forced collections of %d needed", more, forced, fewestLive), more
	}
	if natural < 2 {
		return l.Runtime.OrGo().Measure, 0
	}
	more := l.scaled(max(30/float64(natural), 1.5))
	return fmt.Sprintf("run %v more, or %s", more, l.Runtime.OrGo().Measure), more
}

func (l *look) collections() uint64 {
	if len(l.Polls) == 0 {
		return 0
	}
	return l.Polls[len(l.Polls)-1].NumGC - l.Polls[0].NumGC
}

// towardsAllowance returns the length of run at which an interval as wide as this one
// would fit under the allowance: its width over the window stays, so that it shrinks
// per request as the window grows.
func (l *look) towardsAllowance(j judged) (string, time.Duration) {
	room := l.Allowed - j.slope.Value
	if !(room > 0) {
		more := l.again()
		return fmt.Sprintf("run %v more: the growth seen is above the %s that are allowed, but not certain", more, perRequest(l.Allowed)), more
	}
	more := l.scaled(max(1.5, (j.slope.Upper(stats.P95)-j.slope.Value)/room))
	return fmt.Sprintf("run %v more: so long a run can tell %s with each request", more, perRequest(l.Allowed)), more
}

// again returns as much load as there was: the second look at twice the length leaves
// few healthy runs undecided.
func (l *look) again() time.Duration { return l.scaled(2) }

// scaled returns how much is to be added so that the window is factor times as long.
func (l *look) scaled(factor float64) time.Duration {
	return wholeSeconds((factor - 1) * l.seconds)
}

// lasting returns how long so many requests take at the window's rate, a fifth of the
// window at least.
func (l *look) lasting(requests float64) time.Duration {
	return wholeSeconds(max(requests/l.span, 0.2) * l.seconds)
}

func wholeSeconds(s float64) time.Duration {
	const most = 1e6 // seconds: no run is that long
	if !(s < most) {
		s = most
	}
	return time.Duration(math.Ceil(s)) * time.Second
}
