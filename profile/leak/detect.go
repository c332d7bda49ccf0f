package leak

import (
	"slices"

	"github.com/memgate/memgate/internal/stats"
)

// Detect judges the target's memory over the measured window of a run: whether it
// grows with the requests served. It is a pure function of e; too little data, or
// data that cannot be trusted, is Inconclusive with the reason and the remedy.
//
// Each figure that the evidence holds is judged by itself: the live heap after
// collections, the number of heap objects and of goroutines, memory outside the heap,
// the kernel's, tmpfs.
// What they leave undecided may be decided by what was found reachable in the heap from
// outside, and by who holds it: Trend.Reason says so.
// The working set is judged only where the target's runtime said nothing, because it
// grows with garbage too.
func Detect(e Evidence) Trend {
	if f := e.fault(); f != nil {
		return Trend{Reason: f.reason, Remedy: f.remedy}
	}
	l := newLook(e)
	all := l.signals()
	return l.describe(all, l.fuse(all))
}

// judged is a signal with all that was found of it.
type judged struct {
	name SignalName
	rule rule
	finding
}

// signals judges every figure that the evidence holds.
func (l *look) signals() []judged {
	if !l.hasRuntime() {
		return append([]judged{l.judgeWorkingSet()}, l.judgeProcesses()...)
	}
	all := []judged{l.judgeByWorkingSet(l.judgeHeap())}
	if c, ok := l.offHeapCurve(); ok {
		all = append(all, l.judgeOffHeap(c))
	}
	if c, ok := l.kernelCurve(); ok {
		all = append(all, l.judgePlain(KernelMemory, c, kernelLimits))
	}
	if c, ok := l.tmpfsCurve(); ok {
		all = append(all, l.judgePlain(Tmpfs, c, tmpfsLimits))
	}
	if c, ok := l.objectCurve(); ok {
		all = append(all, l.judgeObjects(c))
	}
	if c, ok := l.goroutineCurve(); ok {
		all = append(all, l.judgeGoroutines(c))
	}
	return append(all, l.judgeProcesses()...)
}

// decision is the one verdict over all signals, and the signal that makes it.
type decision struct {
	verdict Verdict
	by      judged
	veto    veto   // if Inconclusive although the signal by itself is not
	why     string // if what is reachable decided
}

// veto is why a signal keeps a run from a verdict.
type veto int

const (
	noVeto      veto = iota
	stillCounts      // the number of heap objects still grows
	kernelGrows      // the kernel may give back under pressure what grows here
	weakWitness      // the working set grows, and there is nothing else
	givenBack        // what grew with the load went when the load stopped
	tooShort         // the window is shorter than any that may be called steady
	onlyBytes        // the live heap grows by little, and the number of its objects does not
)

// fuse makes one verdict of the signals', and where they make none, of what is
// reachable.
func (l *look) fuse(all []judged) decision {
	d := l.fuseCurves(all)
	if d.verdict != Inconclusive {
		return d
	}
	return l.byReachable(all, d)
}

// fuseCurves makes one verdict of the signals'. The heap, what is outside it, the number of
// objects and that of goroutines can each prove a leak; the kernel's memory and tmpfs
// only keep a run from being called Steady: some of it is given back under pressure.
func (l *look) fuseCurves(all []judged) decision {
	var doubted []decision
	for _, j := range all {
		switch {
		case j.verdict != Leaking || !l.proves(j):
		case l.gaveBack(j):
			doubted = append(doubted, decision{by: j, veto: givenBack})
		case l.isDrift(j, all):
			doubted = append(doubted, decision{by: j, veto: onlyBytes})
		default:
			return decision{verdict: Leaking, by: j}
		}
	}
	if len(doubted) > 0 {
		return doubted[0]
	}
	for _, j := range all {
		if v := l.vetoOf(j); v != noVeto {
			return decision{by: j, veto: v}
		}
		if j.verdict == Inconclusive && mustBeSteady(j.name) {
			return decision{by: j}
		}
	}
	if l.seconds < shortestWindow {
		return decision{by: all[0], veto: tooShort}
	}
	return decision{verdict: Steady, by: all[0]}
}

// proves tells whether growth of that signal is a leak. A user who allows some bytes
// per request has said that bytes are to be counted, and nothing else. Objects that come
// with fewer than one in twenty requests may be a table that still fills, slower and
// slower: the bytes must say so too.
func (l *look) proves(j judged) bool {
	switch j.name {
	case LiveHeap, OffHeap:
		return true
	case HeapObjects:
		return l.Allowed == 0 && j.slope.Lower(stats.P975) > stillGrowing
	case Goroutines, Descriptors, Threads:
		return l.Allowed == 0
	case WorkingSet:
		return l.WorkingSetLeaks
	}
	return false
}

// isDrift tells whether growth of the live heap is so little that healthy drift may be
// as much, while the number of its objects, which drifts less, is steady.
func (l *look) isDrift(heap judged, all []judged) bool {
	if heap.name != LiveHeap || l.Allowed > 0 || heap.slope.Value*l.span >= leastClaim {
		return false
	}
	return slices.ContainsFunc(all, func(j judged) bool { return j.name == HeapObjects && j.verdict == Steady })
}

// mustBeSteady tells whether a run is Steady only if that signal is.
func mustBeSteady(signal SignalName) bool {
	return signal == LiveHeap || signal == OffHeap || signal == WorkingSet
}

func (l *look) vetoOf(j judged) veto {
	switch {
	case j.name == HeapObjects && l.Allowed == 0 && j.verdict == Inconclusive && j.slope.Lower(stats.P975) > stillGrowing:
		return stillCounts
	case (j.name == KernelMemory || j.name == Tmpfs) && j.verdict == Leaking:
		return kernelGrows
	case j.name == WorkingSet && j.verdict == Leaking:
		return weakWitness
	}
	return noVeto
}
