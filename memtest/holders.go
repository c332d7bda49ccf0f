package memtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/memgate/memgate/internal/retain"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// HeapWalk says whether a run looks for who holds memory that grew: the variable, the
// field, the goroutines from which it is reachable. For that the heap of a Go target is
// read from outside while no load runs: after the warm-up, at the end, and where the load
// goes on for want of evidence. The target stands still meanwhile, for some
// milliseconds, and needs neither a change nor symbols.
type HeapWalk int

// The choices. The zero value is HoldersAuto.
const (
	// HoldersAuto looks where it is permitted and the heap is not too large (300 MB in
	// objects with pointers, four million objects); else the report says why not.
	HeapWalkAuto HeapWalk = iota
	// HoldersOff does not look.
	HeapWalkOff
	// HoldersRequired makes a run that could not look an error.
	HeapWalkRequired
)

// reachable is what a run learns of who holds what.
type reachable struct {
	looks []*profile.Paths // at each of Record.Reachable
	why   error            // why there is no answer
}

var errNoReader = errors.New("only the heap of a Go program in a container or a process of this machine can be read from outside, and that of a target whose Runtime is a target.HeapWalker")

// reached reads the target's heap. The first failure ends looking for good. It comes right
// after a probe: writing a heap profile takes the target over a megabyte, which a small
// heap's next collection would find live.
func (m *measurement) reached(ctx context.Context) {
	r := &m.reach
	if m.scenario.HeapWalk == HeapWalkOff || r.why != nil || ctx.Err() != nil {
		return
	}
	if m.ask.walker == nil {
		r.why = errNoReader
		return
	}
	look := profile.Reachable{At: time.Since(m.began), Requests: m.requests()}
	paths, err := m.walk(ctx)
	if err != nil {
		if m.phase != report.Load { // in a pause there may not have been a collection since requests were in flight
			r.why = err
		}
		return
	}
	look.Bytes, look.Objects = paths.Bytes+paths.Stacks, paths.Objects
	if n := len(r.looks); n > 0 {
		bytes, objects := retain.Grown(r.looks[n-1], paths)
		look.Grown, look.GrownObjects = uint64(bytes), uint64(objects)
	}
	r.looks = append(r.looks, paths)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.record.Reachable = append(m.record.Reachable, look)
}

// walk asks the target's runtime what is reachable. What it answers may be anybody's.
func (m *measurement) walk(ctx context.Context) (*profile.Paths, error) {
	paths, err := m.ask.walker.Walk(ctx)
	if err != nil {
		return nil, err
	}
	if err := paths.Check(); err != nil {
		return nil, fmt.Errorf("what the target's runtime says is reachable cannot be: %w", err)
	}
	return paths, nil
}

// Bounds of a look while the load only pauses: it is a part of the measured load.
const (
	longestPause = 2 * time.Second
	pauseShare   = 0.05 // of the planned load
)

// reachedInPause reads the target's heap between two parts of the load, unless that
// would take so long that the load suffers. How long is known from the last look.
func (m *measurement) reachedInPause(ctx context.Context) {
	length := m.scenario.schedule.Duration
	n := len(m.reach.looks)
	if n == 0 {
		return
	}
	last := m.reach.looks[n-1]
	if last.Stopped+last.Analysis > min(longestPause, time.Duration(pauseShare*float64(length))) {
		return
	}
	if m.collects != nil {
		_, _ = m.collects.Collect(ctx) // of no curve: nothing is in flight now
	}
	m.reached(ctx)
}

// parts returns what a load that goes on for so long is cut into, to read the heap between
// them: at no regular distance, because something in the target may be swept at one.
func (m *measurement) parts(more time.Duration) []time.Duration {
	const first = 0.38
	if m.scenario.HeapWalk == HeapWalkOff || m.reach.why != nil {
		return []time.Duration{more}
	}
	cut := time.Duration(first * float64(more))
	return []time.Duration{cut, more - cut}
}

// hold puts into the record who holds what grew. It comes before the verdict, for which
// it is evidence.
func (m *measurement) hold() {
	r, reach := m.record, &m.reach
	if m.scenario.HeapWalk == HeapWalkOff {
		return
	}
	n := len(reach.looks)
	if reach.why == nil && n < 2 {
		reach.why = errors.New("the run ended before the heap could be read a second time")
	}
	if reach.why != nil {
		return
	}
	early, late := reach.looks[0], reach.looks[n-1]
	r.RetainersHow = howRead(early, late)
	growth := retain.Grow(early, late, r.Reachable[n-1].Requests-r.Reachable[0].Requests, r.Env.Runtime.OrGo().Heap)
	growth.MustExplain(m.heapGrowth())
	r.RetainersWhyNot = growth.WhyNot
	for _, h := range growth.Holders {
		r.Retainers = append(r.Retainers, holderOf(h, reach.looks))
	}
}

// held corrects what the record says of holders by the verdict: where nothing leaks,
// nobody is named.
func (m *measurement) held() error {
	r, why := m.record, m.reach.why
	switch {
	case m.scenario.HeapWalk == HeapWalkOff:
	case why != nil && m.scenario.HeapWalk == HeapWalkRequired && fatal(r) == nil:
		return fmt.Errorf("find out who holds memory, as Scenario.Holders requires: %w", why)
	case r.Trend.Verdict == leak.Steady: // a cache that fills grows as well: the verdict says what is a leak
		r.Retainers, r.RetainersWhyNot = nil, ""
	case why != nil:
		r.RetainersWhyNot = why.Error()
	default:
		n := len(r.Reachable) - 1
		grown := int64(r.Reachable[n].Bytes) - int64(r.Reachable[0].Bytes)
		if why := outside(r.Trend, r.Env.Runtime.OrGo().Heap, grown, r.Reachable[n].Requests-r.Reachable[0].Requests); why != "" {
			r.Retainers, r.RetainersWhyNot = nil, why
		}
	}
	return nil
}

// inHeap are the figures of a trend that are the runtime's own. What they grew by is
// compared with what is reachable at the same two moments (MustExplain): in their slope
// over a load is what its connections take, which are gone by the second.
var inHeap = []leak.SignalName{leak.LiveHeap, leak.HeapObjects, leak.Goroutines, leak.ReachableHeap}

// outside says that a leak lies outside the heap of that name, if what is reachable there accounts
// for less than half of it.
func outside(t leak.Trend, heap string, grown int64, requests uint64) string {
	reachable := float64(grown) / float64(max(requests, 1))
	if t.Verdict != leak.Leaking || slices.Contains(inHeap, t.Signal) || reachable >= t.PerRequest.Value/2 {
		return ""
	}
	return fmt.Sprintf("the growth lies outside the %s: the %s grows by %s with each request, what is reachable in the %s by %s",
		heap, t.Signal, words.Bytes(t.PerRequest.Value), heap, words.Bytes(reachable))
}

// heapGrowth returns how much the live heap grew from the early look to the late one, by the
// forced collections just before them; 0 if there were none.
func (m *measurement) heapGrowth() int64 {
	var early, late *profile.LiveHeap
	for i := range m.record.LiveHeaps {
		if f := &m.record.LiveHeaps[i]; f.Requests <= m.record.Reachable[0].Requests || early == nil {
			early = f
		}
		late = &m.record.LiveHeaps[i]
	}
	if early == nil {
		return 0
	}
	return int64(late.Live()) - int64(early.Live())
}

func howRead(early, late *profile.Paths) string {
	return fmt.Sprintf("heap read out of process (%s, %s); target paused %.1f ms and %.1f ms",
		late.Version, late.Names, 1e3*early.Stopped.Seconds(), 1e3*late.Stopped.Seconds())
}

func holderOf(h retain.Holder, looks []*profile.Paths) report.Retainer {
	to := report.Retainer{
		Name: strings.TrimSpace(string(h.Kind) + " " + h.Name), Type: h.Type, From: h.Root,
		Bytes: h.Bytes, PerRequest: h.PerRequest, Objects: h.Objects, Share: h.Share,
		Elements: h.Elements, Before: h.From, After: h.To, AlsoRetainedBy: h.AlsoHeldBy,
	}
	for _, p := range looks {
		to.Counts = append(to.Counts, uint64(h.In(p)))
	}
	for _, s := range h.Held {
		to.Retains = append(to.Retains, report.Retained{Path: s.Path, Type: s.Type, Bytes: s.Bytes, Objects: s.Objects})
	}
	return to
}
