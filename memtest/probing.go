package memtest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/report"
)

// Probes during the load: as often as a verdict wants them, and never so often that
// the collections they force take more than 2 % of the load's time.
const (
	probesPerLoad  = 60
	shortestProbe  = time.Second
	probeCostShare = 50 // one probe takes at most 1/50 of the time between two
	loadSnapshots  = 4  // heap profiles divide the load into so many parts
)

// mostMisses is how many looks of a kind may fail in a row, once one went well: a target
// that is busy now answers later, one that never answered does not.
const mostMisses = 3

// looks counts those of one kind at the target's heap.
type looks struct {
	kind   string // "forced collections"
	all    int
	failed int
	inARow int // failures since the last that went well
	first  error
	at     time.Duration // when that was, since the start
}

// probe forces a collection in the target and keeps what is left.
func (m *measurement) probe(ctx context.Context) (took time.Duration) {
	if m.ask.collector == nil {
		return 0
	}
	f, err := m.ask.collector.Collect(ctx)
	if m.missed(ctx, &m.collections, err) {
		return 0
	}
	f.At, f.Requests = time.Since(m.began), m.requests()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.record.LiveHeaps = append(m.record.LiveHeaps, f)
	return f.Took
}

// snapshot keeps a heap profile, taken after a forced collection, and tells whether
// another try is due.
func (m *measurement) snapshot(ctx context.Context) (again bool) {
	if m.ask.heaps != nil {
		p, err := m.ask.heaps.HeapProfile(ctx)
		if m.missed(ctx, &m.profiles, err) {
			return true
		}
		m.keepHeap(p, "")
	}
	m.lookAtGoroutines(ctx)
	return false
}

// missed counts a look and tells whether it failed. After too many failures it ends looks
// of that kind, and all where none ever went well, and the record says why.
func (m *measurement) missed(ctx context.Context, l *looks, err error) bool {
	if ctx.Err() != nil && err != nil {
		return true // the run ends: not the target's fault
	}
	l.all++
	if err == nil {
		l.inARow = 0
		return false
	}
	if l.failed == 0 {
		l.first, l.at = err, time.Since(m.began)
	}
	l.failed++
	l.inARow++
	switch {
	case m.collections.all+m.profiles.all == l.failed:
		m.ask.collector, m.ask.heaps, m.ask.tasks = nil, nil, nil
		m.noteLost(fmt.Sprintf("the run goes on without heap profiles: %v", err))
	case l.inARow == mostMisses && l == &m.collections:
		m.ask.collector, m.ask.tasks = nil, nil
	case l.inARow == mostMisses:
		m.ask.heaps, m.ask.tasks = nil, nil
	}
	return true
}

// noteMisses says how many looks at the heap failed, where others went well, among the
// findings of the time of the first. The last ones of a target that died are its death's.
func (m *measurement) noteMisses() {
	for _, l := range []*looks{&m.collections, &m.profiles} {
		failed := l.failed
		if fatal(m.record) != nil {
			failed -= l.inARow
		}
		if failed == 0 || m.collections.all+m.profiles.all == l.failed {
			continue
		}
		text := fmt.Sprintf("%d of %d %s failed, the first at %v", failed, l.all, l.kind, l.at.Round(time.Second))
		if l.inARow >= mostMisses {
			text += fmt.Sprintf(", and after the last %d in a row there were no more", l.inARow)
		}
		notes := &m.record.Notes
		at := len(*notes)
		for at > 0 && (*notes)[at-1].At > l.at {
			at--
		}
		*notes = slices.Insert(*notes, at, report.Finding{At: l.at, Kind: report.Warning, Summary: fmt.Sprintf("%s: %v", text, l.first)})
	}
}

// keepHeap adds a heap profile to the record, with what it was taken for if that is not
// the plan.
func (m *measurement) keepHeap(p target.HeapProfile, why string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.record.HeapProfiles = append(m.record.HeapProfiles, report.ProfileFile{
		At: time.Since(m.began), Requests: m.requests(), Phase: m.phase, Why: why, Garbage: p.Garbage, Bytes: int64(len(p.Raw)), Raw: p.Raw,
	})
}

// probeThroughout probes while the load runs, until ctx ends.
func (m *measurement) probeThroughout(ctx context.Context) {
	length := m.scenario.schedule.Duration
	every := max(shortestProbe, length/probesPerLoad)
	cheapest := every / probeCostShare // a slow answer tells of a busy machine, the quickest what a collection costs
	began, taken := time.Now(), 1
	for (m.ask.collector != nil || m.ask.heaps != nil || m.ask.tasks != nil) && sleep(ctx, max(every, probeCostShare*cheapest)) == nil {
		if took := m.probe(ctx); took > 0 {
			cheapest = min(cheapest, took)
		}
		if mark := length * time.Duration(taken) / loadSnapshots; length > 0 && time.Since(began) >= mark {
			if taken%loadSnapshots != 0 && m.snapshot(ctx) { // the last one is taken when the load has stopped
				continue
			}
			taken++
		}
	}
}
