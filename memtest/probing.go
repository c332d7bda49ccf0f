package memtest

import (
	"context"
	"fmt"
	"time"

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

// probe forces a collection in the target and keeps what is left. The first failure
// ends probing for good, and the record says why.
func (m *measurement) probe(ctx context.Context) (took time.Duration) {
	if m.target.Heap == nil {
		return 0
	}
	f, err := m.target.Heap.Floor(ctx)
	if err != nil {
		m.unprobed(ctx, err)
		return 0
	}
	f.At, f.Requests = time.Since(m.began), m.requests()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.record.Floors = append(m.record.Floors, f)
	return f.Took
}

// snapshot keeps a heap profile, taken after a forced collection.
func (m *measurement) snapshot(ctx context.Context) {
	if m.heaps == nil {
		return
	}
	forcesGC := m.heaps.ForcesGC()
	raw, err := m.heaps.Heap(ctx)
	if err != nil {
		m.unprobed(ctx, err)
		return
	}
	m.keepHeap(raw, "", forcesGC)
	m.lookAtGoroutines(ctx)
}

// keepHeap adds a heap profile to the record, with what it was taken for if that is not
// the plan.
func (m *measurement) keepHeap(raw []byte, why string, forcedGC bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.record.Heaps = append(m.record.Heaps, report.Heap{
		At: time.Since(m.began), Requests: m.requests(), Phase: m.phase, Why: why, Garbage: !forcedGC, Bytes: int64(len(raw)), Raw: raw,
	})
}

func (m *measurement) unprobed(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return // the run ends: not the target's fault
	}
	m.target.Heap, m.heaps = nil, nil
	m.noteLost(fmt.Sprintf("the run goes on without heap profiles: %v", err))
}

// probeThroughout probes while the load runs, until ctx ends.
func (m *measurement) probeThroughout(ctx context.Context) {
	_, length := m.scenario.planned()
	every := max(shortestProbe, length/probesPerLoad)
	cheapest := every / probeCostShare // a slow answer tells of a busy machine, the quickest what a collection costs
	began, taken := time.Now(), 1
	for m.heaps != nil && sleep(ctx, max(every, probeCostShare*cheapest)) == nil {
		if took := m.probe(ctx); took > 0 {
			cheapest = min(cheapest, took)
		}
		if mark := length * time.Duration(taken) / loadSnapshots; length > 0 && time.Since(began) >= mark {
			if taken%loadSnapshots != 0 { // the last one is taken when the load has stopped
				m.snapshot(ctx)
			}
			taken++
		}
	}
}
