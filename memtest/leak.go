package memtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// NoLeak fails the test if the target's memory grew with the requests it served. It also
// fails, with a message of its own, if the evidence does not decide (unless the scenario
// allows that): it never passes on too little data. It returns whether it passed;
// [CheckLeak] is its core.
//
// The verdict is [leak.Detect]'s, over the measured load.
func NoLeak(t TB, r *report.Record) bool {
	t.Helper()
	err := CheckLeak(r)
	check := report.Check{
		Judge: report.NoLeak, Metric: report.GrowthPerRequest, Outcome: leakOutcome(r), Limit: r.AllowedGrowth + r.KnownGrowth(),
		Value: r.Trend.PerRequest.Value, Measured: r.Trend.PerRequest.Points > 0,
		Rule: "no leak", Allowed: "no growth with requests", Got: leakInWords(r.Trend),
	}
	if err != nil {
		check.Detail = err.Error()
		t.Errorf("%s", err)
	}
	checks := []report.Check{check}
	placed(checks)
	r.Checks = append(r.Checks, checks...)
	return err == nil
}

// CheckLeak returns nil if the record shows that the target does not leak. Its error is
// written to be read by a person: what grew, by how much, over what, where in the code.
func CheckLeak(r *report.Record) error {
	trend := r.Trend
	switch died, ended := r.Fatal(); {
	case trend.Verdict == leak.Leaking:
		return errors.New(leakMessage(r))
	case ended:
		return fmt.Errorf("no leak statement is possible for %q: %s", r.Name, inShort(died))
	case trend.Verdict == leak.Steady, r.AllowInconclusive:
		return nil
	default:
		return fmt.Errorf("inconclusive: no leak statement is possible for %q: %s%s%s", r.Name, trend.Reason, remedy(trend), suspect(r))
	}
}

// leakOutcome returns the outcome that CheckLeak puts into words.
func leakOutcome(r *report.Record) report.Outcome {
	switch _, ended := r.Fatal(); {
	case r.Trend.Verdict == leak.Leaking:
		return report.Failed
	case ended:
		return report.Inconclusive
	case r.Trend.Verdict == leak.Steady, r.AllowInconclusive:
		return report.Passed
	}
	return report.Inconclusive
}

// suspect returns who holds what grew so far, where no leak is proven.
func suspect(r *report.Record) string {
	if len(r.Retainers) == 0 {
		return ""
	}
	return "; what grew so far is held by " + r.Retainers[0].String()
}

func remedy(t leak.Trend) string {
	if t.Remedy == "" {
		return ""
	}
	return ": " + t.Remedy
}

// leakInWords returns a trend in one line: what a table of checks has room for.
func leakInWords(t leak.Trend) string {
	switch t.Verdict {
	case leak.Leaking:
		return fmt.Sprintf("%s (%s)", tell.Growth(t), t.Signal)
	case leak.Steady:
		return fmt.Sprintf("no growth above %s/request (%s)", words.Bytes(t.Bound), t.Signal)
	default:
		return "inconclusive: " + t.Reason
	}
}

func leakMessage(r *report.Record) string {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "\n    %-6s "+format, append([]any{name}, args...)...)
	}
	t := r.Trend
	fmt.Fprintf(&b, "memory leak in %q (%s)", r.Name, t.Signal)
	row("rule", "memory may not grow with requests%s", allowance(r))
	row("got", "%s", gotInWords(t))
	if t.Onset.Found() {
		row("since", "%s; before, it hardly grew", t.Onset)
	}
	row("over", "%s requests, %.0f req/s, %v after %v of warm-up", words.Count(r.Load.Requests), r.Load.Rate, r.Load.Duration.Round(time.Second), lengthOf(r, report.Warmup))
	if t.Reason != "" {
		row("why", "%s", t.Reason)
	}
	if live := tell.LiveHeap(r); live != "" {
		row("live", "%s", live)
	}
	retainers := tell.Retainers(r)
	for i, line := range retainers {
		row([]string{"held", ""}[min(i, 1)], "%s", line)
	}
	if len(retainers) == 0 && r.RetainersWhyNot != "" {
		row("held", "not known by whom: %s", r.RetainersWhyNot)
	}
	for i, site := range tell.Sites(r.Sites, 3) {
		name := "where"
		if i > 0 {
			name = ""
		}
		row(name, "%s", site)
	}
	for _, waiting := range tell.Goroutines(r.Goroutines, 2) {
		row("waits", "%s", waiting)
	}
	if when := limitInWords(r); when != "" {
		row("limit", "%s", when)
	}
	if f, ended := r.Fatal(); ended {
		row("end", "%s", inShort(f))
	}
	if r.Report != "" {
		row("report", "%s", r.Report)
	}
	if cmd := tell.PprofCommand(r); cmd != "" {
		row("", "%s", cmd)
	}
	return b.String()
}

func allowance(r *report.Record) string {
	allowed := r.AllowedGrowth + r.KnownGrowth()
	if allowed == 0 {
		return ""
	}
	return fmt.Sprintf(" (allowed %s/request)", words.Bytes(allowed))
}

// limitInWords returns when the target's memory limit is reached if the load goes on.
func limitInWords(r *report.Record) string {
	f := r.Trend.Forecast(r.Env.Limit, r.Load.Rate)
	if r.Env.Limit == 0 || f.Never || f.After > 1000*time.Hour {
		return ""
	}
	s := fmt.Sprintf("%s reached in about %s at this rate", words.MiB(r.Env.Limit), words.Roughly(f.After))
	if soon, late := words.Roughly(f.Earliest), words.Roughly(f.Latest); f.Latest > 0 && soon != late {
		s += fmt.Sprintf(" (%s to %s)", soon, late)
	}
	return s
}

// gotInWords returns the slope of what decided, then in bytes with its interval, in
// objects, and per minute.
func gotInWords(t leak.Trend) string {
	bytes := words.SignedBytes(t.PerRequest.Value) + "/request"
	parts := []string{bytes}
	if decided := tell.Growth(t); decided != bytes {
		parts = []string{decided, bytes}
	} else if t.Objects.Value >= 0.005 {
		parts = append(parts, fmt.Sprintf("%.2f objects with each request", t.Objects.Value))
	}
	if e := t.PerRequest; e.Interval() && e.Lo != e.Hi {
		parts[slices.Index(parts, bytes)] += fmt.Sprintf(" (95%% CI %s … %s)", words.Bytes(e.Lo), words.Bytes(e.Hi))
	}
	s := strings.Join(parts, ", ")
	if m := t.PerSecond.Value * 60 / mib; m >= 0.05 {
		s += fmt.Sprintf(" = +%.1f MiB/min", m)
	}
	return s
}

// lengthOf returns how long the phase took.
func lengthOf(r *report.Record, phase string) time.Duration {
	p, _ := r.Phase(phase)
	return (p.To - p.From).Round(time.Second)
}
