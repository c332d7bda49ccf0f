package engine

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
func (r *run) tell(ctx context.Context) {
	for sleep(ctx, tellEvery) == nil {
		r.say(r.line())
	}
}

// ready returns what will be loaded, and how it is watched: the run's first line.
func (r *run) ready() string {
	line := fmt.Sprintf("memtest %s  ready     %s at %s, memory from %s", r.plan.Name, r.target.Env.Target, r.target.URL, r.target.Source.Kind)
	if limit := r.target.Env.Limit; limit > 0 {
		line += ", limit " + words.MiB(limit)
	}
	return line
}

// line returns where the run stands.
func (r *run) line() (line string) {
	r.journal.view(func(record *report.Record, phase string) {
		at := r.journal.since().Round(time.Second)
		line = fmt.Sprintf("memtest %s  %-9s %s", r.plan.Name, phase, words.Clock(at))
		if n := len(record.Samples); n > 0 {
			last := &record.Samples[n-1]
			line += "  working set " + words.MiB(last.WorkingSet) + missing(r.journal.since()-last.At)
		}
		if n := len(record.LiveHeaps); n > 0 {
			line += "  live " + words.MiB(record.LiveHeaps[n-1].Live())
		}
		meter := &r.traffic.warmed
		if phase == report.Load {
			meter = &r.traffic.loaded
		}
		if now := meter.Recent(); now.Rate > 0 && (phase == report.Warmup || phase == report.Load) {
			line += fmt.Sprintf("  %.0f req/s  p99 %v  err %.1f%%", now.Rate, now.P99.Round(100*time.Microsecond), 100*now.Errors)
		}
	})
	return line
}

// missing returns how old the last good sample is, if that is more than planned.
func missing(since time.Duration) string {
	if since < 3*time.Second {
		return ""
	}
	return fmt.Sprintf("  no sample for %v", since.Round(time.Second))
}
