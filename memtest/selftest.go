package memtest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
	"github.com/memgate/memgate/report/compare"
)

// Gate is an assertion that [SelfTest] can validate: a [Budget], a [Tolerance] or a [Baseline].
type Gate interface {
	// prove tries the gate on runs of a target that did not change, which it is to pass,
	// and on copies of them that were made worse, which it is not.
	prove(e evidence) []report.Check
}

// evidence is what is known of a target that did not change.
type evidence struct {
	run         *report.Record   // as Run makes it
	once, again []*report.Record // trials of one and the same scenario, interleaved
}

// SelfTest fails the test if any gate rejects an unchanged target or accepts a degraded
// one. It returns whether all gates can be trusted.
//
// It runs the scenario once, as [Run] does, and five times on each side of a [Pair] of
// the scenario with itself: what differs there is noise. Then it plants faults into
// copies of the records.
//   - NoLeak, always: it must pass on the run, and fail when a leak of three times the
//     detectable size is planted.
//   - [Budget]: the run keeps each assertion, with more to spare than noise takes; with its
//     figure doubled it does not. A budget that lets a doubling pass is no gate.
//   - [Tolerance]: no figure of the pair is worse; none has a noise floor above the
//     tolerance; a rise of three times the tolerance is worse.
//   - [Baseline]: its Tolerance, as above; it must pass on the trials, and fail when they
//     are raised by that amount. The noise floors are kept in the file from then on: the first
//     time, and with MEMTEST_UPDATE=1; under CI that is only reported.
//
// The failure says what was measured, what is allowed, and what to set instead.
func SelfTest(t TB, s Scenario, gates ...Gate) bool {
	t.Helper()
	once, again := s, s
	once.Name, again.Name = "once", "again"
	var e evidence
	e.once, e.again = Pair(t, 0, once, again)
	e.run = Run(t, s)
	checks, text := e.prove(gates)
	placed(checks)
	e.run.Checks = append(e.run.Checks, checks...)
	if text != "" {
		t.Errorf("%s", text)
		return false
	}
	for _, g := range gates {
		if b, ok := g.(Baseline); ok {
			if err := b.keepNoise(t, e); err != nil {
				t.Errorf("%s", err)
				return false
			}
		}
	}
	return true
}

// prove returns a check for each thing that was tried, and what the test fails with.
func (e evidence) prove(gates []Gate) (checks []report.Check, text string) {
	checks = append(e.proveNoLeak(), e.proveSame())
	for _, g := range gates {
		checks = append(checks, g.prove(e)...)
	}
	if !slices.ContainsFunc(checks, func(c report.Check) bool { return !c.Passed() }) {
		return checks, ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "the gates of %q cannot be believed", e.run.Name)
	for _, c := range checks {
		mark := "✓"
		if !c.Passed() {
			mark = "✗"
		}
		fmt.Fprintf(&b, "\n    %s %s: %s", mark, c.Subject, c.Got)
	}
	if e.run.Report != "" {
		fmt.Fprintf(&b, "\n    report %s", e.run.Report)
	}
	return checks, b.String()
}

// proof returns a check of a gate. Without a fault it is OK and says what was shown.
func proof(rule, fault, shown string) report.Check {
	c := report.Check{Judge: report.SelfTest, Outcome: report.Passed, Subject: rule, Rule: "self-test: " + rule, Allowed: "to be believed", Got: shown}
	if fault != "" {
		c.Outcome, c.Got = report.Failed, fault
	}
	return c
}

// proveNoLeak asks NoLeak of the run as it was, and with a leak in it.
func (e evidence) proveNoLeak() []report.Check {
	as := proof("no leak, target as it is", "", leakInWords(e.run.Trend))
	if err := CheckLeak(e.run); err != nil {
		as = proof("no leak, target as it is", err.Error(), "")
	}
	planted := max(e.visibleLeak(), 2*(e.run.AllowedGrowth+e.run.KnownGrowth()))
	rule := fmt.Sprintf("no leak, with %s/request planted", words.Bytes(planted))
	leaked := withLeak(e.run, planted)
	fault := ""
	if CheckLeak(leaked) == nil {
		fault = fmt.Sprintf("it is not found (%s): %s", leakInWords(leaked.Trend), cmp.Or(leaked.Trend.Remedy, "run for longer, or at a higher rate"))
	}
	shown := "found: "
	if leaked.Trend.Verdict != leak.Leaking {
		shown = "not passed: "
	}
	return []report.Check{as, proof(rule, fault, shown+leakInWords(leaked.Trend))}
}

const (
	visible   = 3   // times what a run excludes, a leak must be found
	leastLeak = mib // over the whole load: the detector claims nothing below
)

// visibleLeak returns bytes per request that the run must show if they leak.
func (e evidence) visibleLeak() float64 {
	t := e.run.Trend
	least := leastLeak / float64(max(1, e.run.Load.Requests))
	for _, b := range []float64{t.Bound, t.Detectable} {
		if t.Verdict != leak.Leaking && !math.IsInf(b, 0) {
			least = max(least, b)
		}
	}
	return visible * least
}

// proveSame asks the default tolerance of trials of one and the same scenario.
func (e evidence) proveSame() report.Check {
	_, err := Tolerance{}.Check(e.once, e.again)
	if err != nil {
		return proof("two sets of trials of one target", err.Error(), "")
	}
	return proof("two sets of trials of one target", "", "not worse than one another")
}

// noise returns how much a figure of that unit differs from run to run (one standard deviation).
func (e evidence) noise(m report.Metric) float64 {
	for _, d := range compare.Deltas(compare.FiguresOf(e.once), compare.FiguresOf(e.again)) {
		if d.Metric == m {
			return d.Spread
		}
	}
	return 0
}
