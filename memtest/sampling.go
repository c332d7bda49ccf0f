package memtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/memgate/memgate/profile"
)

// sample reads the target's memory until ctx ends or the target is gone.
func (m *measurement) sample(ctx context.Context) {
	tick := time.NewTicker(m.scenario.Every)
	defer tick.Stop()
	defer m.costs.watch()()
	failed := 0
	for {
		began := m.costs.now()
		err := m.sampleOnce(ctx)
		m.costs.add(began)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, profile.ErrGone):
			m.gone()
			return
		case err != nil:
			if failed++; failed == 1 {
				m.noteLost(fmt.Sprintf("a memory sample failed: %v", err))
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (m *measurement) sampleOnce(ctx context.Context) error {
	m.sampling.Lock()
	defer m.sampling.Unlock()
	return m.sampleLocked(ctx)
}

// sampleLocked returns sampleOnce of a caller that holds m.sampling.
func (m *measurement) sampleLocked(ctx context.Context) error {
	s := profile.Sample{Requests: m.requests()}
	err := m.target.Memory.Sample(ctx, &s.Memory)
	if errors.Is(err, profile.ErrRevived) {
		m.keep(profile.Sample{Requests: s.Requests, Memory: profile.Memory{Missing: profile.AllFieldsExcept()}})
		err = m.target.Memory.Sample(ctx, &s.Memory)
	}
	if err != nil {
		return err
	}
	m.keep(s)
	return nil
}

// keep adds a sample, or a seam, to the record.
func (m *measurement) keep(s profile.Sample) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s.At = time.Since(m.began)
	m.record.Samples = append(m.record.Samples, s)
	m.alarm(&s)
	m.peak.see(&s.Memory)
}
