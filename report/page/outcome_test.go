package page

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/memgate/memgate/internal/fixture"
	"github.com/memgate/memgate/internal/golden"
	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/report"
)

// TestTooFewTrialsAreInconclusive: a comparison that cannot tell is one thing on the run's
// page and on the comparison's. It said FAILED on the run's.
func TestTooFewTrialsAreInconclusive(t *testing.T) {
	r := fixture.Healthy()
	r.Trial.Total = 8
	r.Checks = []report.Check{{
		Judge: report.NotWorse, Metric: report.PeakWorkingSet, Reason: "4 runs a side are too few",
		Rule: "not worse: peak working set", Allowed: "≤ +1.0 MiB", Got: "cannot tell: 4 runs a side are too few",
	}}
	assert.Equal(t, report.Inconclusive, r.Outcome())
	assert.Contains(t, golden.Written(t, func(w io.Writer) error { return Text(w, r) }), "INCONCLUSIVE, cannot compare peak working set: 4 runs a side are too few")
	assert.Contains(t, golden.Written(t, func(w io.Writer) error { return Markdown(w, r) }), "### ❔ TestCatalog/warm: inconclusive")
	assert.Contains(t, string(asHTML(t, r)), "<title>inconclusive: TestCatalog/warm</title>")
}

// TestHeadlineKeepsTheWholeName: a scenario's name may hold what a sentence has at its
// end. The headline was cut there.
func TestHeadlineKeepsTheWholeName(t *testing.T) {
	for _, name := range []string{"shop (v2)", "GOGC=50; cgo"} {
		r := fixture.Killed()
		r.Notes[0].Summary = `"` + name + `" was OOM-killed at 00:53`
		assert.Equal(t, `"`+name+`" was OOM-killed at 00:53`, tell.Headline(r))
		assert.Contains(t, golden.Written(t, func(w io.Writer) error { return Markdown(w, r) }), "OOM-killed at 00:53**")
	}
}
