package memtest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// extension returns how much longer the load is to run: nothing, unless what was measured so
// far does not decide, more of the same would, and both the scenario and the test's
// deadline leave time for it. Looking again costs next to no false alarms, because the
// rule asks for growth that goes on, not for a small probability.
func (m *measurement) extension(ctx context.Context) time.Duration {
	rate, step := m.scenario.schedule.Rate, m.scenario.schedule.Duration
	known := m.grownSoFar()
	m.mu.Lock()
	m.closeLocked()
	m.record.Sites = known
	evidence := m.record.Evidence()
	m.mu.Unlock()
	more := min(step, m.scenario.MaxDuration-evidence.Window)
	if ctx.Err() != nil || step == 0 || more < step/2 || !m.inTime(ctx, more) {
		return 0
	}
	evidence.Planned = rate
	trend := leak.Detect(evidence)
	if trend.Verdict != leak.Inconclusive || trend.More == 0 {
		return 0
	}
	m.note(report.Finding{Kind: report.Extended, Summary: fmt.Sprintf(
		"the load goes on for %v: after %v it is inconclusive (%s)", more.Round(time.Second), evidence.Window.Round(time.Second), trend.Reason)})
	m.say(fmt.Sprintf("memtest %s  load      %v more: inconclusive so far (%s)", m.scenario.Name, more.Round(time.Second), trend.Reason))
	return more
}

// grownSoFar returns the growth by call site, if some of it may be known and put up with: the
// evidence allows for that. The run's end looks again.
func (m *measurement) grownSoFar() []heap.Site {
	if len(m.scenario.Known) == 0 {
		return nil
	}
	m.mu.Lock()
	heaps := slices.Clone(m.record.HeapProfiles)
	m.mu.Unlock()
	sites, _ := heap.Growth(judgedHeaps(heaps, false)) // what cannot be read is said at the end
	return sites
}

// inTime reports whether the run can end in time if the load goes on for so long.
func (m *measurement) inTime(ctx context.Context, more time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline) > more+m.scenario.Settle+deadlineMargin
}
