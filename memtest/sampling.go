package memtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
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
			m.gone(ctx)
			return
		case err != nil:
			if failed++; failed == 1 {
				m.note(report.Finding{Kind: report.Warning, Text: fmt.Sprintf("a memory sample failed: %v", err)})
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

// sampleLocked is sampleOnce of a caller that holds m.sampling.
func (m *measurement) sampleLocked(ctx context.Context) error {
	s := profile.Sample{Requests: m.requests()}
	err := m.target.Memory.Sample(ctx, &s.Memory)
	if errors.Is(err, profile.ErrRevived) {
		m.keep(profile.Sample{Requests: s.Requests, Memory: profile.Memory{Missing: profile.LackingAllBut()}})
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

// gone is a target whose memory cannot be read any more. The exit watch knows better
// why; only a target without one is noted here.
func (m *measurement) gone(ctx context.Context) {
	if m.target.Exited != nil {
		return
	}
	m.note(report.Finding{Kind: report.Exited, Fatal: true, Text: fmt.Sprintf("%q is gone: its memory cannot be read any more", m.scenario.Name)})
}

// died is the finding for a target that ended by itself after so many requests.
func died(name string, exit Exit, r *report.Record, requests uint64) report.Finding {
	exit = withWitness(exit, r.Samples)
	f := report.Finding{Kind: report.Exited, Fatal: true, Logs: exit.Logs}
	if exit.OOMKilled {
		f.Kind = report.OOMKilled
	}
	f.Text = fmt.Sprintf("%q %s", name, exit.Error())
	if requests > 0 {
		f.Text += fmt.Sprintf(" after %d requests", requests)
	}
	if n := len(r.Samples); n > 0 {
		f.Text += fmt.Sprintf(" (last sample %s", report.MiB(r.Samples[n-1].WorkingSet))
		if limit := r.Samples[n-1].Limit; limit > 0 {
			f.Text += fmt.Sprintf(", limit %s", report.MiB(limit))
		}
		f.Text += ")"
	}
	return f
}

// withWitness adds the kernel's own count of OOM kills to what the engine says.
func withWitness(exit Exit, s profile.Series) Exit {
	if exit.OOMKilled || len(s) == 0 {
		return exit
	}
	before, _ := s[0].Value("oom_kills")
	after, ok := s[len(s)-1].Value("oom_kills")
	if ok && after > before {
		exit.OOMKilled, exit.Witness = true, fmt.Sprintf("oom_kill %d → %d", before, after)
	}
	return exit
}
