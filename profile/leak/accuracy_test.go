package leak

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tally counts verdicts.
type tally [3]int

func (c tally) all() int { return c[Inconclusive] + c[Steady] + c[Leaking] }

func (c tally) share(v Verdict) float64 { return float64(c[v]) / math.Max(1, float64(c.all())) }

func (c tally) String() string {
	return fmt.Sprintf("%4d runs: %3d leaking %3d steady %3d inconclusive", c.all(), c[Leaking], c[Steady], c[Inconclusive])
}

// judgement is a recording and what Detect says of it.
type judgement struct {
	labelled
	Trend
}

func judgements(t *testing.T) []judgement {
	t.Helper()
	all, err := judged440()
	require.NoError(t, err)
	return all
}

// judged440 is every recording, judged once.
var judged440 = sync.OnceValues(func() ([]judgement, error) {
	runs, err := recordings()
	all := make([]judgement, len(runs))
	for i, run := range runs {
		all[i] = judgement{run, Detect(run.evidence)}
	}
	return all, err
})

// doubles tells whether the recording is of a map without bound, which leaks in
// steps that double: between two steps nobody can tell it from a map that is full.
func (j judgement) doubles() bool {
	return strings.Contains(j.kind, "map") && j.kind != "syncmap" && j.kind != "pointer-map"
}

// truth is the leak per request that a detector should find; NaN where it is not known.
func (j judgement) truth() float64 {
	if j.set == "real" && j.kind == "slice" {
		return j.perRequest + 24 // the slice's header
	}
	return j.perRequest
}

// TestAccuracy holds the detector to what it must reach on the labelled recordings.
func TestAccuracy(t *testing.T) {
	all := judgements(t)
	count := func(keep func(judgement) bool) (c tally) {
		for _, j := range all {
			if keep(j) {
				c[j.Verdict]++
			}
		}
		return c
	}
	is := func(j judgement, label string) bool { return j.label == label }
	big := func(j judgement) bool { return is(j, "leak") && j.leaked() >= mib }

	for _, bar := range []struct {
		what  string
		keep  func(judgement) bool
		reach func(tally) bool
	}{
		{"healthy, real: none leaking, at most 6 inconclusive",
			func(j judgement) bool { return is(j, "healthy") && j.set != "synthetic" },
			func(c tally) bool { return c.all() == 40 && c[Leaking] == 0 && c[Inconclusive] <= 6 }},
		{"healthy, synthetic: at most 0.3 % leaking, 28 inconclusive",
			func(j judgement) bool { return is(j, "healthy") && j.set == "synthetic" },
			func(c tally) bool { return c.all() == 216 && c.share(Leaking) <= 0.003 && c[Inconclusive] <= 28 }},
		{"ambiguous: at most 15 % leaking",
			func(j judgement) bool { return is(j, "ambiguous") },
			func(c tally) bool { return c.all() == 37 && c.share(Leaking) <= 0.15 }},
		{"leaks from 1 MiB with probes, no doubling maps: 90 % leaking",
			func(j judgement) bool { return big(j) && j.probed() && !j.doubles() },
			func(c tally) bool { return c.share(Leaking) >= 0.90 }},
		{"leaks from 1 MiB, natural collections, no doubling maps: 65 % leaking",
			func(j judgement) bool { return big(j) && !j.probed() && len(j.evidence.Polls) > 0 && !j.doubles() },
			func(c tally) bool { return c.share(Leaking) >= 0.65 }},
		{"with object counts, leaks: 11 of 12 leaking",
			func(j judgement) bool { return is(j, "leak") && j.set == "objects" && j.probed() },
			func(c tally) bool { return c.all() == 12 && c[Leaking] >= 11 }},
		{"with object counts, healthy and leaks: at most 2 of 25 inconclusive",
			func(j judgement) bool { return j.set == "objects" && j.probed() },
			func(c tally) bool { return c.all() == 25 && c[Inconclusive] <= 2 }},
		{"without runtime data: none leaking",
			func(j judgement) bool { return len(j.evidence.Polls)+len(j.evidence.LiveHeaps) == 0 },
			func(c tally) bool { return c.all() == 108 && c[Leaking] == 0 }},
	} {
		c := count(bar.keep)
		t.Logf("%-75s %v", bar.what, c)
		assert.True(t, bar.reach(c), "%s: %v", bar.what, c)
	}
}

// TestSteadyKeepsItsBound looks for recordings that are called steady and leak more
// than the bound that was printed.
func TestSteadyKeepsItsBound(t *testing.T) {
	steady, above := 0, 0
	for _, j := range judgements(t) {
		if j.Verdict != Steady {
			continue
		}
		steady++
		if j.perRequest > j.Bound {
			above++
			t.Logf("%v leaks %.0f B with each request, above %.0f", j.labelled, j.perRequest, j.Bound)
			assert.False(t, j.probed(), "%v leaks %.0f B with each request and is called steady up to %.0f", j.labelled, j.perRequest, j.Bound)
		}
	}
	t.Logf("%d of %d above their bound", above, steady)
	assert.LessOrEqual(t, float64(above)/float64(steady), 0.005)
}

// TestBytesPerRequest compares the growth found with the truth, on real leaks of a
// MiB and more with probes. A leak that starts late is averaged over the window.
func TestBytesPerRequest(t *testing.T) {
	var errors []float64
	for _, j := range judgements(t) {
		measured := map[string]bool{"slice-append": true, "closure-ring": true, "substring": true, "syncmap": true, "afterfunc": true}
		if j.label != "leak" || !j.probed() || j.leaked() < mib || (j.set != "real" || j.kind != "slice") && !measured[j.kind] {
			continue
		}
		off := math.Abs(j.PerRequest.Value/j.truth() - 1)
		t.Logf("%-28v %6.0f B with each request, found %6.1f [%.1f, %.1f]: %.1f %% off", j.labelled, j.truth(), j.PerRequest.Value, j.PerRequest.Lo, j.PerRequest.Hi, 100*off)
		errors = append(errors, off)
	}
	slices.Sort(errors)
	n := len(errors)
	require.GreaterOrEqual(t, n, 9)
	t.Logf("median error %.1f %%, nine of ten within %.1f %%", 100*errors[n/2], 100*errors[(n*9-1)/10])
	assert.LessOrEqual(t, errors[n/2], 0.05)
	assert.LessOrEqual(t, errors[(n*9-1)/10], 0.15)
}

// TestIntervalsCover counts how often the 95 % interval holds a constant leak, real and
// synthetic.
func TestIntervalsCover(t *testing.T) {
	held, all := 0, 0
	for _, j := range judgements(t) {
		if j.kind != "go-slow" && (j.set != "real" || j.kind != "slice") || !j.PerRequest.Interval() || j.Verdict != Leaking {
			continue
		}
		all++
		if j.PerRequest.Lo <= j.truth() && j.truth() <= j.PerRequest.Hi {
			held++
		}
	}
	t.Logf("%d of %d intervals hold the leak", held, all)
	assert.GreaterOrEqual(t, float64(held), 0.9*float64(all))
}
