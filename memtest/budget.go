package memtest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// Budget is what a target may use under its load. A field that is left out is not
// asserted; a budget that asserts nothing is an error. Sizes are of the working set
// (usage − inactive page cache), as kubelet, cAdvisor and docker stats define it.
type Budget struct {
	Peak             Size    // most, over the whole run, warm-up included: also between samples, where the kernel keeps a peak
	Average          Size    // time-weighted mean over the measured load
	P95              Size    // 95th percentile over the measured load
	Settled          Size    // median of the run's last second (or its last sample), when the load has stopped
	Headroom         Size    // least distance between the memory limit and the peak
	GrowthPerRequest float64 // bytes per completed request that growth must provably stay within
	NoOOM            bool    // no process of the target may be OOM-killed

	_ struct{}
}

var _ Gate = Budget{}

// Within fails the test if the record breaks the budget, and returns whether it kept
// it. [Budget.Check] is its core.
func Within(t TB, r *report.Record, b Budget) bool {
	t.Helper()
	checks, err := b.Check(r)
	checks = explained(checks, report.Budget, err)
	placed(checks)
	r.Checks = append(r.Checks, checks...)
	if err != nil {
		t.Errorf("%s", err)
	}
	return err == nil
}

// Check compares the record with the budget, a check for each rule that the budget
// states. The error is nil if all are kept; it names those that are not, or says why
// the budget cannot be judged: it asserts nothing, has a bad size, or the run was cut
// short.
func (b Budget) Check(r *report.Record) ([]report.Check, error) {
	rules, err := b.rules()
	if err != nil {
		return nil, fmt.Errorf("budget for %q: %w", r.Name, err)
	}
	if len(rules) == 0 {
		return nil, fmt.Errorf("budget for %q asserts nothing: set a field, such as Peak: \"64MiB\"", r.Name)
	}
	checks := make([]report.Check, len(rules))
	kept := true
	for i, rule := range rules {
		checks[i] = rule(r)
		kept = kept && checks[i].Passed()
	}
	if f, ended := r.Fatal(); ended {
		unkept(checks, f.At)
		return checks, fmt.Errorf("memory budget of %q cannot be kept by a run that was cut short: %s", r.Name, inShort(f))
	}
	if !kept {
		return checks, errors.New(budgetMessage(r, checks))
	}
	return checks, nil
}

// unkept takes back what was kept until the run was cut short: that proves nothing.
func unkept(checks []report.Check, end time.Duration) {
	for i := range checks {
		if c := &checks[i]; c.Passed() {
			c.Outcome, c.CutShort = report.Inconclusive, true
			c.Got += fmt.Sprintf(", until the run was cut short at %s", words.Clock(end))
		}
	}
}

// A rule measures one thing in a record and compares it with what is allowed.
type rule func(*report.Record) report.Check

func (b Budget) rules() ([]rule, error) {
	var peak, average, p95, settled, headroom int64
	if err := sizes(
		sizeField{"Peak", b.Peak, &peak}, sizeField{"Average", b.Average, &average}, sizeField{"P95", b.P95, &p95},
		sizeField{"Settled", b.Settled, &settled}, sizeField{"Headroom", b.Headroom, &headroom},
	); err != nil {
		return nil, err
	}
	if b.GrowthPerRequest < 0 || b.GrowthPerRequest != b.GrowthPerRequest {
		return nil, fmt.Errorf("growth of %g B/request cannot be asserted: set the bytes per request that growth may not exceed", b.GrowthPerRequest)
	}
	var rules []rule
	add := func(asserted bool, r rule) {
		if asserted {
			rules = append(rules, r)
		}
	}
	add(peak > 0, func(r *report.Record) report.Check { return atMost(report.PeakWorkingSet, peak, peakOf(r)) })
	add(average > 0, func(r *report.Record) report.Check {
		return atMost(report.AverageWorkingSet, average, averageOf(r))
	})
	add(p95 > 0, func(r *report.Record) report.Check {
		return atMost(report.P95WorkingSet, p95, p95Of(r))
	})
	add(settled > 0, func(r *report.Record) report.Check { return atMost(report.SettledWorkingSet, settled, settledOf(r)) })
	add(headroom > 0, func(r *report.Record) report.Check { return headroomRule(headroom, r) })
	add(b.GrowthPerRequest > 0, func(r *report.Record) report.Check { return growthRule(b.GrowthPerRequest, r) })
	add(b.NoOOM, oomRule)
	return rules, nil
}

// measured is a number of bytes, with when it was seen where that is one moment.
type measured struct {
	bytes float64
	note  string
	ok    bool
}

func measure1(s profile.Series, f func(profile.Series) float64) measured {
	bytes := math.NaN()
	if len(s) > 0 {
		bytes = f(s)
	}
	return measured{bytes: bytes, ok: !math.IsNaN(bytes)}
}

func peakOf(r *report.Record) measured {
	if !measure1(r.Samples, profile.Series.Average).ok {
		return measured{} // no sample has a working set
	}
	p := r.Samples.Peak()
	peak := measured{bytes: float64(p.WorkingSet), note: " at " + words.Clock(p.At), ok: true}
	for _, phase := range r.Phases {
		if least := leastPeak(r, phase); least > peak.bytes {
			peak.bytes = least
			peak.note = fmt.Sprintf(" between two samples in the %s phase (peak usage %s by the kernel, less all inactive page cache)", phase.Name, words.MiB(phase.PeakUsage))
		}
	}
	return peak
}

// leastPeak returns what the working set of a phase was at least for a moment, by the
// kernel's own peak of the usage, however short that was: the usage less the largest
// inactive page cache that was seen about then. 0 where the kernel kept no peak.
func leastPeak(r *report.Record, phase report.Phase) float64 {
	if !phase.PeakFrom.Exact() {
		return 0
	}
	cache, known := uint64(0), false
	for _, s := range r.Samples.Between(phase.From-r.Source.Every, phase.To+r.Source.Every) {
		if v, ok := s.Value(profile.InactiveFile); ok {
			cache, known = max(cache, v), true
		}
	}
	if !known {
		return 0
	}
	return float64(phase.PeakUsage - min(cache, phase.PeakUsage))
}

func averageOf(r *report.Record) measured {
	return measure1(r.During(report.Load), profile.Series.Average)
}

func p95Of(r *report.Record) measured {
	return measure1(r.During(report.Load), func(s profile.Series) float64 { return s.Percentile(95) })
}

// settledOf returns the run's last second, if the run came to its final phase, or its last sample
// where samples are further apart.
func settledOf(r *report.Record) measured {
	final, ok := r.Phase(report.Final)
	if !ok || len(r.Samples) == 0 {
		return measured{}
	}
	last := r.Samples.Between(final.To-time.Second, final.To)
	if rest, _ := r.Phase(report.Cooldown); len(last) == 0 {
		last = r.Samples.Between(rest.From, final.To)
		last = last[max(0, len(last)-1):]
	}
	return measure1(last, func(s profile.Series) float64 { return s.Percentile(50) })
}

const notMeasured = "not measured: no sample of the run has it (too short, or a source that does not tell)"

func atMost(m report.Metric, allowed int64, got measured) report.Check {
	c := report.Check{Judge: report.Budget, Metric: m, Limit: float64(allowed), Rule: m.Name(), Allowed: "≤ " + words.MiB(uint64(allowed)), Got: notMeasured}
	if got.ok {
		c.Value, c.Measured, c.Outcome = got.bytes, true, outcomeOf(got.bytes <= float64(allowed))
		c.Got = words.MiB(uint64(got.bytes)) + margin(got.bytes, float64(allowed)) + got.note
		c.Margin = room(float64(allowed)-got.bytes, got.bytes/float64(allowed))
	}
	return c
}

// outcomeOf returns the outcome of a rule that was measured.
func outcomeOf(kept bool) report.Outcome {
	if kept {
		return report.Passed
	}
	return report.Failed
}

// margin returns how far above what is allowed, and in percent of it; nothing if within.
func margin(got, allowed float64) string {
	if got <= allowed {
		return ""
	}
	return fmt.Sprintf(" (+%s, %.0f%%)", strings.TrimSuffix(words.MiB(uint64(got-allowed)), " MiB"), 100*got/allowed)
}

// room returns how much of what is allowed is left, or is missing, in bytes, and which share
// of it was measured.
func room(left, share float64) string {
	word := "left"
	if left < 0 {
		left, word = -left, "too much"
	}
	return fmt.Sprintf("%s %s (%.0f%% of allowed)", words.MiB(uint64(left)), word, 100*share)
}

func headroomRule(allowed int64, r *report.Record) report.Check {
	c := report.Check{Judge: report.Budget, Metric: report.Headroom, Limit: float64(allowed), Rule: report.Headroom.Name(), Allowed: "≥ " + words.MiB(uint64(allowed)), Got: notMeasured}
	got := peakOf(r)
	limit := r.Env.Limit
	switch {
	case limit == 0:
		c.Got = "the target has no memory limit: set Image.MemoryLimit"
	case got.ok:
		left := float64(limit) - got.bytes
		c.Value, c.Measured, c.Outcome = left, true, outcomeOf(left >= float64(allowed))
		c.Got = fmt.Sprintf("%s%s (limit %s)", words.MiB(uint64(max(left, 0))), got.note, words.MiB(limit))
		c.Margin = room(left-float64(allowed), left/float64(allowed))
	}
	return c
}

// growthRule asks for proof: an upper bound of growth that is within what is allowed.
func growthRule(allowed float64, r *report.Record) report.Check {
	c := report.Check{
		Judge: report.Budget, Metric: report.GrowthPerRequest, Limit: allowed, Value: r.Trend.PerRequest.Value, Measured: r.Trend.PerRequest.Points > 0,
		Rule: report.GrowthPerRequest.Name(), Allowed: "≤ " + words.Bytes(allowed), Got: leakInWords(r.Trend),
	}
	switch t := r.Trend; t.Verdict {
	case leak.Steady:
		c.Outcome = outcomeOf(t.Bound <= allowed)
		if !c.Passed() {
			c.Got += ": a longer run could exclude less"
		}
	case leak.Leaking:
		c.Outcome = outcomeOf(t.PerRequest.Interval() && t.PerRequest.Hi <= allowed)
	default:
		if r.AllowInconclusive {
			c.Outcome = report.Passed
		}
	}
	return c
}

func oomRule(r *report.Record) report.Check {
	kills := uint64(0)
	for _, f := range r.Notes {
		if f.Kind == report.OOMKilled {
			kills++
		}
	}
	before, after, known := oomKills(r.Samples)
	kills = max(kills, after-before)
	c := report.Check{
		Judge: report.Budget, Metric: report.OOMKillCount, Value: float64(kills), Measured: true, Outcome: outcomeOf(kills == 0),
		Rule: report.OOMKillCount.Name(), Allowed: "0", Got: fmt.Sprint(kills),
	}
	if kills == 0 && !known {
		c.Outcome, c.Measured, c.Got = report.Inconclusive, false, fmt.Sprintf("not known: %q does not count OOM kills; run where the cgroup's files can be read", r.Source.Kind)
	}
	return c
}

// oomKills returns the kernel's count in the first and the last sample that has it.
func oomKills(s profile.Series) (before, after uint64, known bool) {
	for i := range s {
		if n, ok := s[i].Value(profile.OOMKills); ok {
			if !known {
				before, known = n, true
			}
			after = max(after, n)
		}
	}
	return before, after, known
}

func budgetMessage(r *report.Record, checks []report.Check) string {
	var b strings.Builder
	exceeded := slices.ContainsFunc(checks, func(c report.Check) bool { return c.Outcome == report.Failed })
	if exceeded {
		fmt.Fprintf(&b, "memory budget exceeded for %q", r.Name)
	} else {
		fmt.Fprintf(&b, "inconclusive: the memory budget of %q cannot be judged", r.Name)
	}
	for _, c := range checks {
		fmt.Fprintf(&b, "\n    %s %-20s %-12s got %s", c.Mark(), c.Rule, c.Allowed, c.Got)
	}
	fmt.Fprintf(&b, "\n    source %s, %.0f Hz, %s samples", r.Source.Kind, r.Source.Achieved, words.Count(uint64(len(r.Samples))))
	if r.Env.Limit > 0 {
		fmt.Fprintf(&b, "; container limit %s", words.MiB(r.Env.Limit))
	}
	if r.Report != "" {
		fmt.Fprintf(&b, "\n    report %s", r.Report)
	}
	return b.String()
}
