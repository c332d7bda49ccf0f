package memtest

import (
	"context"
	"fmt"
	"time"

	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/report"
)

// lookAtGoroutines keeps a profile of the target's goroutines, at the moment of a heap
// profile. The first failure ends it for good, and the record says why.
func (m *measurement) lookAtGoroutines(ctx context.Context) {
	if m.ask.tasks == nil {
		return
	}
	// Starters are asked for ahead of the load, where a traceback is short, and after it.
	m.mu.Lock()
	whole := len(m.goroutines) == 0 || m.phase != report.Load
	m.mu.Unlock()
	before := m.requests()
	look, err := m.ask.tasks.Tasks(ctx, whole)
	if err != nil && ctx.Err() == nil {
		m.ask.tasks = nil
		m.noteLost(fmt.Sprintf("the run goes on without %s profiles: %v", m.record.Env.Runtime.OrGo().Task, err))
	}
	if len(look.Raw) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	look.At, look.Requests = time.Since(m.began), (before+m.requests())/2
	m.goroutines = append(m.goroutines, look)
	m.record.GoroutineProfiles = append(m.record.GoroutineProfiles, report.ProfileFile{
		At: look.At, Requests: look.Requests, Phase: m.phase, Bytes: int64(len(look.Raw)), Raw: look.Raw,
	})
}

// grownGoroutines returns what the goroutine profiles of the measured load say grew.
func (m *measurement) grownGoroutines() []heap.GoroutineGrowth {
	if len(m.goroutines) < 2 {
		return nil
	}
	list, err := heap.GrowingGoroutines(m.goroutines)
	if err != nil {
		m.note(report.Finding{Kind: report.Warning, Summary: fmt.Sprintf("the growth of goroutines is not known: %v", err)})
	}
	return list
}
