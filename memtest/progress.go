package memtest

import (
	"context"
	"fmt"
	"time"

	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
)

// tellEvery is the distance of progress lines within a phase.
const tellEvery = 10 * time.Second

// tell says every 10 s how the run gets on, until ctx ends.
func (m *measurement) tell(ctx context.Context) {
	for sleep(ctx, tellEvery) == nil {
		m.mu.Lock()
		line := m.line()
		m.mu.Unlock()
		m.say(line)
	}
}

// ready returns what will be loaded, and how it is watched: the run's first line.
func (m *measurement) ready() string {
	line := fmt.Sprintf("memtest %s  ready     %s at %s, memory from %s", m.scenario.Name, m.target.Env.Target, m.target.URL, m.target.Source.Kind)
	if limit := m.target.Env.Limit; limit > 0 {
		line += ", limit " + words.MiB(limit)
	}
	return line
}

// line returns where the run stands. The caller holds m.mu.
func (m *measurement) line() string {
	at := time.Since(m.began).Round(time.Second)
	line := fmt.Sprintf("memtest %s  %-9s %02d:%02d", m.scenario.Name, m.phase, int(at.Minutes()), int(at.Seconds())%60)
	if n := len(m.record.Samples); n > 0 {
		line += "  working set " + words.MiB(m.record.Samples[n-1].WorkingSet)
	}
	line += m.sinceInWords()
	if n := len(m.record.LiveHeaps); n > 0 {
		line += "  live " + words.MiB(m.record.LiveHeaps[n-1].Live())
	}
	meter := &m.warmed
	if m.phase == report.Load {
		meter = &m.loaded
	}
	if now := meter.Recent(); now.Rate > 0 && (m.phase == report.Warmup || m.phase == report.Load) {
		line += fmt.Sprintf("  %.0f req/s  p99 %v  err %.1f%%", now.Rate, now.P99.Round(100*time.Microsecond), 100*now.Errors)
	}
	return line
}
