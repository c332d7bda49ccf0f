package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// extension returns how much longer the load is to run: nothing, unless what was measured
// so far does not decide, more of the same would, and both the plan and the test's
// deadline leave time for it. Looking again costs next to no false alarms, because the
// rule asks for growth that goes on, not for a small probability.
func (r *run) extension(ctx context.Context) time.Duration {
	step := r.plan.Schedule.Duration
	evidence := r.journal.evidence(r.grownSoFar())
	more := min(step, r.plan.MaxDuration-evidence.Window)
	if ctx.Err() != nil || step == 0 || more < step/2 || !r.inTime(ctx, more) {
		return 0
	}
	evidence.Planned = r.plan.Schedule.Rate
	trend := leak.Detect(evidence)
	if trend.Verdict != leak.Inconclusive || trend.More == 0 {
		return 0
	}
	r.journal.note(report.Finding{Kind: report.Extended, Summary: fmt.Sprintf(
		"the load goes on for %v: after %v it is inconclusive (%s)", more.Round(time.Second), evidence.Window.Round(time.Second), trend.Reason)})
	r.say(fmt.Sprintf("memtest %s  load      %v more: inconclusive so far (%s)", r.plan.Name, more.Round(time.Second), trend.Reason))
	return more
}

// grownSoFar returns the growth by call site, if some of it may be known and tolerated: the
// evidence allows for that. The run's end looks again.
func (r *run) grownSoFar() []heap.Site {
	if len(r.plan.Known) == 0 {
		return nil
	}
	var heaps []report.ProfileFile
	r.journal.view(func(r *report.Record, _ string) { heaps = slices.Clone(r.HeapProfiles) })
	sites, _ := heap.Growth(judgedHeaps(heaps, false)) // what cannot be read is said at the end
	return sites
}

// inTime reports whether the run can end in time if the load goes on for so long.
func (r *run) inTime(ctx context.Context, more time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline) > more+r.plan.Settle+r.plan.Margin
}
