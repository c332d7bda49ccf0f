package leak

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/memgate/memgate/profile"
)

// What is reachable decides where the curves do not. Its readings are few and exact: no
// request is in flight, no garbage is counted. They are a leak where the elements of
// one holder are more by the same number with each request in each part between two
// readings. Two readings are one part, and no leak: a cache that fills grows as evenly
// as a leak until it is full. Sweepers commonly come by the minute: less than that is
// too short, too. What does not grow at all, or has ceased to, is steady.
const (
	heldParts    = 2        // between readings, at least
	heldTime     = 60       // seconds from the first reading to the last, at least
	heldRequests = 1000     // in each part, at least
	heldUnequal  = 1.3      // the longest part over the shortest, at least
	heldBytes    = 64 << 10 // that the holder must have grown by
	heldShare    = 0.3      // of all growth, that it must hold
	heldRate     = 0.05     // elements with each request, at least
	heldEven     = 0.02     // by which the rates of two parts may differ, besides chance
	heldUneven   = 0.05     // by which the first part and the rest, and the last and those before, may differ whatever chance is
	restingShare = 0.45     // of the requests between the readings, that the last parts without growth must have
)

// byReachable decides what the curves did not.
func (l *look) byReachable(all []judged, undecided decision) decision {
	if !l.readAround() {
		return undecided
	}
	for _, h := range l.Retainers {
		if l.evenly(h) && l.reachableGrowth().Value > l.Allowed {
			return decision{verdict: Leaking, by: judged{name: ReachableHeap}, why: oneMore(h, l.Reachable)}
		}
	}
	if bound, ok := l.resting(all[0]); ok && undecided.ofHeap() {
		return l.excused(all, undecided, bound)
	}
	return undecided
}

// readAround tells whether the heap was read before the window and after it, all of one
// life of the target.
func (l *look) readAround() bool {
	n := len(l.Reachable)
	if n < 2 {
		return false
	}
	for i := 1; i < n; i++ {
		if l.Reachable[i].Requests <= l.Reachable[i-1].Requests || l.Reachable[i].At <= l.Reachable[i-1].At {
			return false
		}
	}
	first, last := l.load.requests[0], l.load.requests[len(l.load.requests)-1]
	return float64(l.Reachable[0].Requests) <= first && float64(l.Reachable[n-1].Requests) >= last
}

// evenly tells whether a holder has the same number of elements more with each request
// in each part. The parts must be of unequal length: what is swept a little more often
// than it is read shows a little more at each reading.
func (l *look) evenly(h Retainer) bool {
	n := len(l.Reachable)
	if n <= heldParts || len(h.Counts) != n || h.Bytes < heldBytes || !(h.Share >= heldShare) ||
		(l.Reachable[n-1].At-l.Reachable[0].At).Seconds() < heldTime {
		return false
	}
	first, shortest, longest := l.part(h, 0, 1), math.Inf(1), 0.0
	for i := 1; i < n; i++ {
		p := l.part(h, i-1, i)
		if p.requests < heldRequests || !(p.rate >= heldRate) || !first.like(p, math.Inf(1)) {
			return false
		}
		shortest, longest = min(shortest, p.requests), max(longest, p.requests)
	}
	return longest >= heldUnequal*shortest &&
		first.like(l.part(h, 1, n-1), heldUneven) && l.part(h, 0, n-2).like(l.part(h, n-2, n-1), heldUneven)
}

// part is what lies between two readings.
type part struct{ requests, rate float64 } // elements more with each request

func (l *look) part(h Retainer, from, to int) part {
	requests := float64(l.Reachable[to].Requests - l.Reachable[from].Requests)
	return part{requests, (float64(h.Counts[to]) - float64(h.Counts[from])) / requests}
}

// like tells whether the rates of two parts differ by no more than a little, and what
// chance does where each request leaves something behind with some probability; by most
// at the most, as a share.
func (p part) like(q part, most float64) bool {
	chance := math.Sqrt(p.rate * (1 - min(p.rate, 1)) * (1/p.requests + 1/q.requests))
	return math.Abs(p.rate-q.rate) <= min(most*p.rate, heldEven*p.rate+3*chance)
}

// resting tells whether what is reachable does not grow, or has not in the last part of
// the run, and the growth in bytes per request that it excludes.
func (l *look) resting(heap judged) (bound float64, ok bool) {
	n := len(l.Reachable)
	total := float64(l.Reachable[n-1].Requests - l.Reachable[0].Requests)
	requests, grown, objects := 0.0, 0.0, 0.0
	from := n - 1
	for ; from > 0; from-- {
		r := l.Reachable[from]
		more := float64(r.Requests - l.Reachable[from-1].Requests)
		most := max(objectDrift, stillGrowing*(requests+more))
		if float64(r.GrownObjects)+objects > most || !l.little(grown+float64(r.Grown), requests+more, heap) {
			break
		}
		requests, grown, objects = requests+more, grown+float64(r.Grown), objects+float64(r.GrownObjects)
	}
	if requests < restingShare*total || requests < heldRequests || l.unexplained(heap) {
		return 0, false
	}
	return max(grown/requests, leastClaim/l.span), true
}

// little tells whether so many bytes over so many requests are within the margin that
// the live heap's curve has for the window.
func (l *look) little(grown, requests float64, heap judged) bool {
	return requests > 0 && grown < heap.rule.margin*min(1, requests/l.span)
}

// unexplained tells whether the live heap at rest grew by more than the margin beyond
// what was found reachable.
func (l *look) unexplained(heap judged) bool {
	if l.RestBefore.HeapAlloc == 0 || l.Rest.HeapAlloc == 0 {
		return false
	}
	n := len(l.Reachable)
	live := float64(l.Rest.Live()) - float64(l.RestBefore.Live())
	return live-(float64(l.Reachable[n-1].Bytes)-float64(l.Reachable[0].Bytes)) > heap.rule.margin
}

// ofHeap tells whether nothing but the live heap's curve, or that of its objects, keeps
// a run from being called steady. What was given back at rest is not among it: requests
// that pile up are no leak, and not steady either.
func (d decision) ofHeap() bool {
	return (d.by.name == LiveHeap || d.by.name == HeapObjects) && (d.veto == noVeto || d.veto == stillCounts || d.veto == onlyBytes)
}

// excused returns the decision without the doubts of the live heap's curve and that of its
// objects.
func (l *look) excused(all []judged, undecided decision, bound float64) decision {
	calm := slices.Clone(all)
	for i := range calm {
		if j := &calm[i]; j.name == LiveHeap || j.name == HeapObjects {
			j.verdict = Steady
			if j.name == LiveHeap {
				j.bound = bound
			}
		}
	}
	d := l.fuseCurves(calm)
	if d.verdict != Steady {
		return undecided
	}
	d.why = fmt.Sprintf("decided by the heap walk: what is reachable at rest does not grow (%s MiB)", series(l.Reachable, func(r profile.Reachable) string {
		return fmt.Sprintf("%.1f", float64(r.Bytes)/mib)
	}))
	return d
}

// oneMore returns why a retainer is a leak, in words.
func oneMore(h Retainer, at []profile.Reachable) string {
	n := len(at) - 1
	i := -1
	counts := series(at, func(profile.Reachable) string { i++; return thousands(h.Counts[i]) })
	rate := (float64(h.Counts[n]) - float64(h.Counts[0])) / float64(at[n].Requests-at[0].Requests)
	return fmt.Sprintf("decided by the heap walk: %s gains %.2f elements per request (%s)", h.Name, rate, counts)
}

func series(at []profile.Reachable, word func(profile.Reachable) string) string {
	words := make([]string, len(at))
	for i, r := range at {
		words[i] = word(r)
	}
	return strings.Join(words, " → ")
}

// thousands returns 2,300 for 2300.
func thousands(n uint64) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

// reachableGrowth returns what is reachable more with each request, in bytes. It has no
// interval: it is no estimate.
func (l *look) reachableGrowth() profile.Estimate {
	n := len(l.Reachable) - 1
	if n < 1 || l.Reachable[n].Requests <= l.Reachable[0].Requests {
		return profile.Estimate{}
	}
	grown := (float64(l.Reachable[n].Bytes) - float64(l.Reachable[0].Bytes)) / float64(l.Reachable[n].Requests-l.Reachable[0].Requests)
	return profile.Estimate{Value: grown, Lo: grown, Hi: grown, Points: n + 1}
}
