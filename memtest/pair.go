package memtest

import (
	"fmt"

	"github.com/memgate/memgate/report"
	"github.com/memgate/memgate/report/compare"
)

const defaultTrials = 5 // the fewest with which NotWorse can tell its six figures from chance

// Pair runs two scenarios n times each (default 5), interleaved, each trial on a fresh
// target, and returns their records for [NotWorse]. Interleaving exposes
// both sides to the same machine noise; the order within each round is random.
//
// The scenarios are called "before" and "after" unless they have names. A trial that
// cannot be made, or whose target dies, ends the test. Trials differ from what [Run]
// does in this: their loads are equal, never extended; no collection is forced and no
// profile taken while the load runs, so that peaks are those of production; the
// heap is not walked, unless HeapWalk requires it; and a Go package is compiled once for all of them. They say little
// about leaks: for those, [Run] the scenario and ask [NoLeak].
//
// The order is in the records with its seed; MEMTEST_SEED sets it again. When the test
// ends, a page and a Markdown text that compare the sides are written beside the
// trials' reports, and the Markdown goes to GitHub's step summary.
func Pair(t TB, n int, before, after Scenario) (b, a []*report.Record) {
	t.Helper()
	plan, err := newTrials(n, []string{"before", "after"}, before, after)
	if err != nil {
		fatalf(t, "pair: %v", err)
	}
	plan.stop = true
	plan.form = func(runs [][]*report.Record) form { return compare.Runs(runs[0], runs[1]) }
	runs := plan.run(t)
	return runs[0], runs[1]
}

// Matrix runs any number of scenarios n times each (default 5), as [Pair] does, and
// returns their records in the same order: what does each runtime, or each value of a
// setting, cost under one load? When the test ends, a page and a Markdown text rank them
// by peak working set; variants that the runs cannot tell apart share a rank.
//
// The scenarios need names, unless "variant 1", "variant 2", … will do. The first is what
// the others are compared with. A target that dies fails the test, and the other
// trials are run nevertheless.
func Matrix(t TB, n int, variants ...Scenario) [][]*report.Record {
	t.Helper()
	if len(variants) < 2 {
		fatalf(t, "matrix: %d variants cannot be compared: give at least two scenarios", len(variants))
	}
	names := make([]string, len(variants))
	for i := range names {
		names[i] = fmt.Sprintf("variant %d", i+1)
	}
	plan, err := newTrials(n, names, variants...)
	if err != nil {
		fatalf(t, "matrix: %v", err)
	}
	plan.form = func(runs [][]*report.Record) form { return compare.Rank(runs...) }
	return plan.run(t)
}

// Trials runs one scenario n times (default 5), each trial on a fresh target and as
// those of [Pair] are, for [NoDrift]. A trial that cannot be made, or whose target dies,
// ends the test.
func Trials(t TB, n int, s Scenario) []*report.Record {
	t.Helper()
	plan, err := newTrials(n, []string{t.Name()}, s)
	if err != nil {
		fatalf(t, "trials: %v", err)
	}
	plan.stop = true
	plan.form = func(runs [][]*report.Record) form { return compare.Rank(runs...) }
	return plan.run(t)[0]
}
