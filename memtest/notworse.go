package memtest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/report"
	"github.com/memgate/memgate/report/compare"
)

// ErrCannotTell is wrapped by what [Tolerance.Check] says where the runs do not decide:
// there are too few of them, or they are unusable.
var ErrCannotTell = errors.New("cannot tell")

// NotWorse fails the test if memory or latency got worse from the runs before a change to
// those after it. It also fails, with a message of its own, if the runs do not decide
// (unless the scenario allows that): it never passes on too little data. [Pair] makes such
// runs. It returns whether it passed; [Tolerance.Check] is its core.
//
// A figure got worse if all of this is so: p of benchstat's test, adjusted for all
// figures that are judged (Holm), is at most 0.05; the 95 % interval of the change is
// above 0; the change is more than the tolerance; and it is more than the noise floor, which
// a difference of runs that scatter as these do exceeds in 1 of 500 cases by chance. The
// checks are kept in the last record after the change.
func NotWorse(t TB, before, after []*report.Record, tol Tolerance) bool {
	t.Helper()
	checks, err := tol.Check(before, after)
	if err != nil {
		t.Errorf("%s", err)
	}
	if len(after) > 0 {
		checks = explained(checks, report.NotWorse, err)
		placed(checks)
		last := after[len(after)-1]
		last.Checks = append(last.Checks, checks...)
	}
	return err == nil
}

// explained returns the checks with one more that says why, if the judge fails although no
// figure did: runs that cannot be compared, a baseline that is not there, a bad size. What
// the record keeps then fails as the test does.
func explained(checks []report.Check, judge report.Judge, err error) []report.Check {
	if err == nil || slices.ContainsFunc(checks, func(c report.Check) bool { return !c.Passed() }) {
		return checks
	}
	return append(checks, report.Check{Judge: judge, Rule: string(judge), Got: "cannot tell", Reason: err.Error()})
}

// Check compares the runs, a check for each figure that any of them has. The error is
// nil if none got worse. It names those that did, with their changes and intervals, and
// the call sites that came or grew; or, wrapping [ErrCannotTell], says why nothing can be
// said: too few runs (five a side are enough), a run that was cut short or in which more than
// 1 % of the requests failed, a load that
// was not the same, a figure that one side lacks.
func (tol Tolerance) Check(before, after []*report.Record) ([]report.Check, error) {
	g, err := tol.gate()
	if err != nil {
		return nil, fmt.Errorf("tolerance: %w", err)
	}
	names := sideName(before, "before") + " and " + sideName(after, "after")
	if err := errors.Join(noData("before", before), noData("after", after)); err != nil {
		return nil, fmt.Errorf("%w whether memory got worse between %s: %w", ErrCannotTell, names, err)
	}
	x, y := compare.FiguresOf(before), compare.FiguresOf(after)
	verdicts := g.judge(x, y)
	checks := g.checks(report.NotWorse, verdicts)
	if slices.ContainsFunc(verdicts, func(j judged) bool { return j.outcome == worse }) {
		return checks, errors.New(worseMessage(before, after, verdicts))
	}
	why := whyUndecided(x, y, verdicts)
	if why == "" {
		return checks, nil
	}
	if after[len(after)-1].AllowInconclusive {
		letPass(checks)
		return checks, nil
	}
	return checks, fmt.Errorf("%w whether memory got worse between %s: %s", ErrCannotTell, names, why)
}

// letPass makes checks that cannot tell pass, where the scenario allows that.
func letPass(checks []report.Check) {
	for i := range checks {
		if checks[i].Outcome == report.Inconclusive {
			checks[i].Outcome = report.Passed
		}
	}
}

func sideName(runs []*report.Record, word string) string {
	if len(runs) == 0 || runs[0].Name == word {
		return word
	}
	return fmt.Sprintf("%s (%q)", word, runs[0].Name)
}

// answered is the share of its requests that a target must have answered for its memory
// to be compared.
const answered = 0.99

// noData says why a side's runs cannot be compared.
func noData(side string, runs []*report.Record) error {
	if len(runs) == 0 {
		return fmt.Errorf("there is no run %s: give Pair at least 5 trials", side)
	}
	var all error
	failing, least := 0, 1.0
	for i, r := range runs {
		if f, ended := r.Fatal(); ended {
			all = errors.Join(all, fmt.Errorf("trial %d %s is unusable: %s", i+1, side, inShort(f)))
		}
		if r.Load.Requests > 0 && r.Load.Success < answered {
			failing, least = failing+1, min(least, r.Load.Success)
		}
	}
	if failing > 0 {
		all = errors.Join(all, fmt.Errorf("%d of %d trials %s are unusable: up to %.1f%% of their requests failed, so their memory is not comparable: fix the target or the load", failing, len(runs), side, 100*(1-least)))
	}
	return all
}

// whyUndecided says why it cannot be told whether something got worse; empty if it can.
func whyUndecided(before, after map[report.Metric][]float64, verdicts []judged) string {
	if len(verdicts) == 0 {
		return "no figure was measured on both sides"
	}
	for _, d := range compare.Deltas(before, after) {
		if d.Metric == report.RequestRate && min(d.Before, d.After) < sameLoad*max(d.Before, d.After) {
			return fmt.Sprintf("the load was not the same: %s before, %s after: lower the rate until both keep up", tell.Quantity(d.Before, d.Metric), tell.Quantity(d.After, d.Metric))
		}
	}
	var why []string
	for _, j := range verdicts {
		if j.outcome != cannotTell {
			continue
		}
		if i := slices.IndexFunc(verdicts, func(k judged) bool { return k.why == j.why }); verdicts[i].Metric != j.Metric {
			continue // it was said of another figure
		}
		why = append(why, j.Metric.Name()+": "+j.why)
	}
	if len(why) == 0 {
		return ""
	}
	return strings.Join(why, "; ") + ": give Pair at least 5 trials of targets that tell the same"
}

// sameLoad is the share of the rate of requests that the slower side must have got for
// its memory to be comparable.
const sameLoad = 0.8

// checks returns the judged figures as the record keeps them.
func (g gate) checks(judge report.Judge, verdicts []judged) []report.Check {
	all := make([]report.Check, len(verdicts))
	for i, j := range verdicts {
		c := report.Check{
			Judge: judge, Metric: j.Metric, Limit: j.allowed,
			Rule: string(judge) + ": " + j.Metric.Name(), Allowed: "≤ +" + tell.Quantity(j.allowed, j.Metric),
		}
		switch j.outcome {
		case cannotTell:
			c.Reason, c.Got = j.why, "cannot tell: "+j.why
		case worse:
			c.Outcome = report.Failed
		default:
			c.Outcome, c.Better = report.Passed, j.outcome == better
		}
		if j.outcome != cannotTell {
			c.Value, c.Measured = j.Change.Value, true
			c.Got, c.Margin = j.String(), "noise floor "+tell.Quantity(j.floor, j.Metric)
		}
		if c.Better {
			c.Got = "better: " + c.Got
		}
		all[i] = c
	}
	return all
}

func worseMessage(before, after []*report.Record, verdicts []judged) string {
	var b strings.Builder
	fmt.Fprintf(&b, "memory got worse from %s to %s", sideName(before, "before"), sideName(after, "after"))
	writeVerdicts(&b, verdicts)
	for i, site := range cameOrGrew(before, after, verdicts) {
		fmt.Fprintf(&b, "\n    %-6s %s", []string{"where", ""}[min(i, 1)], site)
	}
	last := after[len(after)-1]
	if page := cmp.Or(last.Trial.Report, last.Report); page != "" {
		fmt.Fprintf(&b, "\n    report %s", page)
	}
	return b.String()
}

// writeVerdicts writes a line for each figure that was judged, two where it got worse.
func writeVerdicts(b *strings.Builder, verdicts []judged) {
	for _, j := range verdicts {
		switch j.outcome {
		case worse:
			fmt.Fprintf(b, "\n    ✗ %-20s %s", j.Metric.Name(), j.String())
			fmt.Fprintf(b, "\n      %-20s allowed +%s, noise floor %s, p=%.3f over %d figures", "", tell.Quantity(j.allowed, j.Metric), tell.Quantity(j.floor, j.Metric), j.adjusted, len(verdicts))
		case notWorse, better:
			fmt.Fprintf(b, "\n    ✓ %-20s %s", j.Metric.Name(), j.String())
		default:
			fmt.Fprintf(b, "\n    ? %-20s %s", j.Metric.Name(), j.why)
		}
	}
}

const mostCame = 3 // of each kind in a message

// cameOrGrew returns the code that holds more of the live heap after the change, and, where
// growth got worse, the call sites that retain more with each request, in words, the
// largest first.
func cameOrGrew(before, after []*report.Record, verdicts []judged) []string {
	growth, memory := false, false
	for _, j := range verdicts {
		bad := j.outcome == worse
		growth = growth || bad && j.Metric == report.GrowthPerRequest
		memory = memory || bad && j.Metric != report.P99Latency
	}
	c := compare.Runs(before, after)
	var held, grown []string
	for _, h := range c.Retained {
		if memory && h.After > h.Before && len(held) < mostCame {
			held = append(held, h.String())
		}
	}
	for _, s := range c.Sites {
		if growth && s.After > s.Before && len(grown) < mostCame {
			grown = append(grown, s.String())
		}
	}
	return append(held, grown...)
}
