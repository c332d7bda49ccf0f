package memtest_test

import (
	"io"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/faketarget"
	"github.com/memgate/memgate/internal/golden"
	"github.com/memgate/memgate/internal/index"
	shown "github.com/memgate/memgate/internal/text"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/report"
	"github.com/memgate/memgate/report/compare"
	"github.com/memgate/memgate/report/page"
)

// formsOf returns the forms of a run, and of a comparison with the runs before it.
func formsOf(t *testing.T, before, after []*report.Record) (run, comparison map[string]string) {
	t.Helper()
	r, c := after[len(after)-1], compare.Runs(before, after)
	of := func(form func(io.Writer, *report.Record) error) string {
		return golden.Written(t, func(w io.Writer) error { return form(w, r) })
	}
	indexed := func(add func(dir, name string) error) string {
		dir := t.TempDir()
		require.NoError(t, add(dir, "shown"))
		return golden.Read(t, dir, index.IndexFile)
	}
	run = map[string]string{
		"text": of(page.Text), "markdown": of(page.Markdown), "page": of(page.HTML), "index": indexed(func(dir, name string) error { return index.NewCard(r).Add(dir, name) }),
	}
	comparison = map[string]string{
		"text": golden.Written(t, c.Text), "markdown": golden.Written(t, c.Markdown), "page": golden.Written(t, c.HTML), "index": indexed(c.AddToIndex),
	}
	return run, comparison
}

// TestTooFewTrialsAreOneThingInAllForms: what NotWorse itself keeps of four trials is
// inconclusive in the run's forms and cannot be told in the comparison's.
func TestTooFewTrialsAreOneThingInAllForms(t *testing.T) {
	before, after := trials("before", 4, 40), trials("after", 4, 41)
	judge := &fakeTest{}
	require.False(t, memtest.NotWorse(judge, before, after, memtest.Tolerance{}))
	require.Len(t, judge.errors, 1)
	require.Contains(t, judge.errors[0], "cannot tell whether memory got worse")
	assert.Equal(t, report.Inconclusive, after[3].Outcome())

	run, comparison := formsOf(t, before, after)
	for form, want := range map[string]string{
		"text": "INCONCLUSIVE, cannot compare", "markdown": "### ❔ after: inconclusive", "page": "<title>inconclusive: after</title>", "index": "inconclusive</span>",
	} {
		assert.Contains(t, run[form], want, form)
		assert.NotContains(t, run[form], "FAILED", form)
		assert.NotContains(t, run[form], "failed</span>", form)
		assert.NotContains(t, run[form], "❌", form)
	}
	for form, want := range map[string]string{
		"text": "after: cannot tell: ", "markdown": "### ❔ after: cannot tell", "page": "<title>cannot tell: ", "index": "inconclusive</span>",
	} {
		assert.Contains(t, comparison[form], want, form)
		assert.NotContains(t, comparison[form], "❌", form)
		assert.NotContains(t, comparison[form], "failed</span>", form)
	}
}

// TestTheWholeNameIsInTheHeadline: a scenario's name may hold what a sentence ends with.
func TestTheWholeNameIsInTheHeadline(t *testing.T) {
	for _, name := range []string{"shop (v2)", "GOGC=50; cgo"} {
		var r *report.Record
		synctest.Test(t, func(t *testing.T) {
			s := scenario(&faketarget.Target{DiesAfter: 1510, Limit: 32 << 20, Exit: target.Exit{Code: 137, OOMKilled: true, Witness: "inspect"}})
			s.Name = name
			var err error
			r, err = memtest.Measure(t.Context(), s)
			require.NoError(t, err)
		})
		clause := `"` + name + `" was OOM-killed at 00:15 in the load phase after 1,5`
		assert.ErrorContains(t, memtest.CheckLeak(r), `no leak statement is possible for "`+name+`": `+clause)
		_, err := memtest.Budget{Peak: "1GiB"}.Check(r)
		assert.ErrorContains(t, err, "cut short: "+clause)

		run, _ := formsOf(t, []*report.Record{r}, []*report.Record{r})
		assert.Contains(t, run["text"], "FAILED, "+clause)
		assert.Contains(t, run["markdown"], "**"+shown.Markdown(clause))
		assert.Contains(t, run["page"], "&#34;"+name+"&#34; was OOM-killed at 00:15 in the load phase")
		assert.Contains(t, run["index"], "&#34;"+name+"&#34; was OOM-killed at 00:15 in the load phase")
	}
}
