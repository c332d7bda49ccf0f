package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/memgate/memgate/internal/retain"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// walker learns what is reachable in the target's heap, from walks while no load runs.
type walker struct {
	journal   *journal
	plan      Plan
	heap      target.HeapWalker // nil: none
	collector target.Collector  // forces a collection before a walk in a pause; nil: none

	walks []*profile.Paths // at each of Record.Reachable
	why   error            // why there is no answer
}

func newWalker(j *journal, p Plan, r target.Runtime) *walker {
	w := &walker{journal: j, plan: p}
	w.heap, _ = r.(target.HeapWalker)
	w.collector, _ = r.(target.Collector)
	return w
}

var errNoWalker = errors.New("only the heap of a Go program in a container or a process of this machine can be read from outside, and that of a target whose Runtime is a target.HeapWalker")

// walk walks the target's heap. The first failure ends walking for good. It comes right
// after a probe: writing a heap profile takes the target over a megabyte, which a small
// heap's next collection would find live.
func (w *walker) walk(ctx context.Context) {
	if !w.plan.Walk || w.why != nil || ctx.Err() != nil {
		return
	}
	if w.heap == nil {
		w.why = errNoWalker
		return
	}
	sums := profile.Reachable{At: w.journal.since(), Requests: w.journal.requests()}
	paths, err := w.ask(ctx)
	if err != nil {
		if w.journal.inPhase() != report.Load { // in a pause there may not have been a collection since requests were in flight
			w.why = err
		}
		return
	}
	sums.Bytes, sums.Objects = paths.Bytes+paths.Stacks, paths.Objects
	if n := len(w.walks); n > 0 {
		bytes, objects := retain.Grown(w.walks[n-1], paths)
		sums.Grown, sums.GrownObjects = uint64(bytes), uint64(objects)
	}
	w.walks = append(w.walks, paths)
	w.journal.reachable(sums)
}

// ask asks the target's runtime what is reachable. What it answers may be anybody's.
func (w *walker) ask(ctx context.Context) (*profile.Paths, error) {
	paths, err := w.heap.Walk(ctx)
	if err != nil {
		return nil, err
	}
	if err := paths.Check(); err != nil {
		return nil, fmt.Errorf("what the target's runtime says is reachable cannot be: %w", err)
	}
	return paths, nil
}

// Bounds of a walk while the load only pauses: it is a part of the measured load.
const (
	longestPause = 2 * time.Second
	pauseShare   = 0.05 // of the planned load
)

// walkInPause walks the target's heap between two parts of the load, unless that would take
// so long that the load suffers. How long is known from the last walk.
func (w *walker) walkInPause(ctx context.Context) {
	n := len(w.walks)
	if n == 0 {
		return
	}
	last := w.walks[n-1]
	if last.Stopped+last.Analysis > min(longestPause, time.Duration(pauseShare*float64(w.plan.Schedule.Duration))) {
		return
	}
	if w.collector != nil {
		_, _ = w.collector.Collect(ctx) // of no curve: nothing is in flight now
	}
	w.walk(ctx)
}

// parts returns what a load that goes on for so long is cut into, to walk the heap between
// them: at no regular distance, because something in the target may be swept at one.
func (w *walker) parts(more time.Duration) []time.Duration {
	const first = 0.38
	if !w.plan.Walk || w.why != nil {
		return []time.Duration{more}
	}
	cut := time.Duration(first * float64(more))
	return []time.Duration{cut, more - cut}
}

// conclude puts into the record what retains the growth. It comes before the verdict, for
// which it is evidence.
func (w *walker) conclude(r *report.Record) {
	if !w.plan.Walk {
		return
	}
	n := len(w.walks)
	if w.why == nil && n < 2 {
		w.why = errors.New("the run ended before the heap could be read a second time")
	}
	if w.why != nil {
		return
	}
	early, late := w.walks[0], w.walks[n-1]
	r.RetainersHow = howRead(early, late)
	growth := retain.Grow(early, late, r.Reachable[n-1].Requests-r.Reachable[0].Requests, r.Env.Runtime.OrGo().Heap)
	growth.MustExplain(heapGrowth(r))
	r.RetainersWhyNot = growth.WhyNot
	for _, h := range growth.Holders {
		r.Retainers = append(r.Retainers, retainerOf(h, w.walks))
	}
}

// correct corrects what the record says of retainers by the verdict: where nothing leaks,
// none is named.
func (w *walker) correct(r *report.Record) {
	switch {
	case !w.plan.Walk:
	case r.Trend.Verdict == leak.Steady: // a cache that fills grows as well: the verdict says what is a leak
		r.Retainers, r.RetainersWhyNot = nil, ""
	case w.why != nil:
		r.RetainersWhyNot = w.why.Error()
	default:
		n := len(r.Reachable) - 1
		grown := int64(r.Reachable[n].Bytes) - int64(r.Reachable[0].Bytes)
		if why := outside(r.Trend, r.Env.Runtime.OrGo().Heap, grown, r.Reachable[n].Requests-r.Reachable[0].Requests); why != "" {
			r.Retainers, r.RetainersWhyNot = nil, why
		}
	}
}

// required returns an error if the heap had to be walked and was not.
func (w *walker) required(r *report.Record) error {
	if _, ended := r.Fatal(); ended || w.why == nil || !w.plan.WalkRequired {
		return nil
	}
	return fmt.Errorf("find out who holds memory, as Scenario.HeapWalk requires: %w", w.why)
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

// heapGrowth returns how much the live heap grew from the first walk to the last, by the
// forced collections just before them; 0 if there were none.
func heapGrowth(r *report.Record) int64 {
	var early, late *profile.LiveHeap
	for i := range r.LiveHeaps {
		if f := &r.LiveHeaps[i]; f.Requests <= r.Reachable[0].Requests || early == nil {
			early = f
		}
		late = &r.LiveHeaps[i]
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

func retainerOf(h retain.Holder, walks []*profile.Paths) report.Retainer {
	to := report.Retainer{
		Name: strings.TrimSpace(string(h.Kind) + " " + h.Name), Type: h.Type, From: h.Root,
		Bytes: h.Bytes, PerRequest: h.PerRequest, Objects: h.Objects, Share: h.Share,
		Elements: h.Elements, Before: h.From, After: h.To, AlsoRetainedBy: h.AlsoHeldBy,
	}
	for _, p := range walks {
		to.Counts = append(to.Counts, uint64(h.In(p)))
	}
	for _, s := range h.Held {
		to.Retains = append(to.Retains, report.Retained{Path: s.Path, Type: s.Type, Bytes: s.Bytes, Objects: s.Objects})
	}
	return to
}
