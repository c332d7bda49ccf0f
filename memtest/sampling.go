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
	failed := 0
	for {
		err := m.sampleOnce(ctx)
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
	s := profile.Sample{Requests: m.requests()}
	if err := m.target.Memory.Sample(ctx, &s.Memory); err != nil {
		return err
	}
	s.At = time.Since(m.began)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.record.Samples = append(m.record.Samples, s)
	m.alarm(&s)
	return nil
}

// gone is a target whose memory cannot be read any more. The exit watch knows better
// why; only a target without one is noted here.
func (m *measurement) gone(ctx context.Context) {
	if m.target.Exited != nil {
		return
	}
	m.note(report.Finding{Kind: report.Exited, Fatal: true, Text: fmt.Sprintf("%q is gone: its memory cannot be read any more", m.scenario.Name)})
}

// pace is how many samples were taken per second, and the longest time without one.
func pace(s profile.Series) (hz float64, longest time.Duration) {
	if len(s) < 2 {
		return 0, 0
	}
	for i := 1; i < len(s); i++ {
		longest = max(longest, s[i].At-s[i-1].At)
	}
	return float64(len(s)-1) / (s[len(s)-1].At - s[0].At).Seconds(), longest
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
