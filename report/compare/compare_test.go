package compare

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/browser"
	"github.com/memgate/memgate/internal/fixture"
	"github.com/memgate/memgate/internal/golden"
	"github.com/memgate/memgate/internal/index"
	"github.com/memgate/memgate/internal/text"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/report"
)

// fixedRun is the leaking run once the leak is mended, and another site came.
func fixedRun() *report.Record {
	r := fixture.Healthy()
	r.Name, r.Test, r.Env.GitCommit = "TestOrders", fixture.Leaking().Test, "9c8b7a6d5e4f"
	r.Sites = append(r.Sites, heap.Site{Func: "bufio.NewReaderSize", File: "/usr/lib/go/src/bufio/bufio.go", Line: 59, Bytes: 65_536, PerRequest: 5})
	return r
}

func asComparison(t testing.TB, c *Comparison) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, c.HTML(&b))
	return b.String()
}

func TestCompareOneRunEach(t *testing.T) {
	c := Runs([]*report.Record{fixture.Leaking()}, []*report.Record{fixedRun()})
	growth := c.Deltas[0]
	assert.Equal(t, "growth per request", growth.Metric.Name())
	assert.InDelta(t, -1889.3, growth.Change.Value, 0.01)
	assert.InDelta(t, -1889.3-170.4, growth.Change.Lo, 0.1, "√(170² + 11.7²)")
	assert.True(t, growth.Change.Clear())
	assert.Equal(t, "peak working set", c.Deltas[1].Metric.Name())
	assert.Equal(t, "an interval takes 4 runs each, there are 1 and 1", c.Deltas[1].Change.Why)
	assert.False(t, c.Deltas[1].Change.Clear(), "one run each proves nothing")

	sites := map[string][2]bool{}
	for _, s := range c.Sites {
		sites[s.Site.Func] = s.In
	}
	assert.Equal(t, map[string][2]bool{
		"main.newSession": {true, false}, "main.(*sessionStore).put": {true, false}, "main.(*lru).add": {false, true}, "bufio.NewReaderSize": {true, true},
		"github.com/redis/go-redis/v9/internal/pool.(*ConnPool).newConn": {true, false},
	}, sites, "matched though the line moved; what only shrank is none")
	assert.Equal(t, "main.newSession", c.Sites[0].Site.Func, "the largest change first")
	golden.Check(t, "compare.html", []byte(asComparison(t, c)))
}

// A trial's growth is that of its floors, not its trend: left alone under load, it has none.
func TestCompareOneTrialEach(t *testing.T) {
	trial := func(of string) *report.Record {
		r := fixture.Leaking()
		r.Trial = report.Trial{Of: of, N: 1, Place: 1, Total: 2}
		return r
	}
	c := Runs([]*report.Record{trial("before")}, []*report.Record{trial("after")})
	assert.Equal(t, "growth per request", c.Deltas[0].Metric.Name())
	assert.Zero(t, c.Deltas[0].Change.Value)
	page := asComparison(t, c)
	assert.Contains(t, page, "<title>cannot tell: ")
	assert.Contains(t, page, "Too few runs to tell: an interval takes 4 runs each, there are 1 and 1")
	var b bytes.Buffer
	require.NoError(t, c.Markdown(&b))
	assert.Contains(t, b.String(), "Before: 1 run, ")
}

func TestCompareManyRuns(t *testing.T) {
	var before, after []*report.Record
	for i := range 5 {
		a, b := fixture.Healthy(), fixture.Healthy()
		for j := range a.Samples {
			b.Samples[j].WorkingSet += uint64(20*words.Mib + i*words.Mib)
		}
		before, after = append(before, a), append(after, b)
	}
	c := Runs(before, after)
	peak := c.Deltas[1]
	assert.True(t, peak.Change.Clear())
	assert.InDelta(t, 22*words.Mib, peak.Change.Value, 0.01*words.Mib)
	page := asComparison(t, c)
	assert.Contains(t, page, "Peak working set went from ")
	assert.Contains(t, page, "<title>worse: ")
}

func TestCompareOfHostileAndEmptyRuns(t *testing.T) {
	page := asComparison(t, Runs([]*report.Record{fixture.Hostile(), fixture.Spilled("cAnArY4711")}, []*report.Record{fixture.Hostile()}))
	assert.NotContains(t, page, "<img")
	assert.NotContains(t, page, "</script>")
	assert.NotContains(t, page, "cAnArY4711")
	assert.False(t, strings.ContainsFunc(page, text.Invisible))
	both := Runs([]*report.Record{fixture.Hostile(), fixture.Spilled("cAnArY4711")}, []*report.Record{fixture.Hostile()})
	for _, form := range []func(io.Writer) error{both.Text, both.Markdown} {
		written := golden.Written(t, form)
		assert.NotContains(t, written, "cAnArY4711")
		assert.False(t, strings.ContainsFunc(written, text.Invisible))
	}
	assert.NotContains(t, golden.Written(t, both.Markdown), "<img")
	assert.Contains(t, golden.Written(t, Runs(nil, nil).Markdown), "nothing to compare")
	assert.Contains(t, asComparison(t, Runs(nil, nil)), "nothing to compare")
	assert.Contains(t, asComparison(t, Runs([]*report.Record{{}}, []*report.Record{fixture.Empty()})), "nothing to compare")
}

func TestBrowserShowsTheOtherPages(t *testing.T) {
	b := browser.Open(t)
	dir := t.TempDir()
	long := fixture.Hostile()
	long.Name = strings.Repeat("TestVeryLongName", 30)
	for name, r := range map[string]*report.Record{"a": fixture.Leaking(), "b": fixture.Healthy(), "c": long} {
		require.NoError(t, index.Add(r, dir, name))
	}
	audit := browser.AuditScript()
	for name, page := range map[string]string{
		"comparison": asComparison(t, Runs([]*report.Record{fixture.Leaking()}, []*report.Record{fixedRun()})),
		"hostile":    asComparison(t, Runs([]*report.Record{fixture.Hostile()}, []*report.Record{long})),
		"ranking":    golden.Written(t, rankedRuns().HTML),
		"index":      golden.Read(t, dir, index.IndexFile),
	} {
		for _, width := range []int64{360, 1200} {
			b.Show([]byte(page), width)
			assert.LessOrEqual(t, browser.Evaluate[int](b, `document.documentElement.scrollWidth - innerWidth`), 0, "%s at %d px", name, width)
			if width == 1200 {
				browser.Shoot(b, name)
			}
		}
		assert.Empty(t, browser.Audited(b, audit), name)
		console, requests := b.Heard()
		assert.Empty(t, console, name)
		assert.Empty(t, requests, name)
	}
}

// variantRuns are five runs of a variant around so many MiB more than the healthy one.
func variantRuns(of string, more float64) (runs []*report.Record) {
	for i := range 5 {
		r := fixture.Healthy()
		r.Name, r.Trial = of, report.Trial{Of: of, N: i + 1, Place: i + 1, Total: 15, Seed: 77}
		for j := range r.Samples {
			r.Samples[j].WorkingSet += uint64((more + float64(i)/10) * words.Mib)
		}
		runs = append(runs, r)
	}
	return runs
}

func rankedRuns() *Ranking {
	return Rank(variantRuns("GOGC=100", 10), variantRuns("GOGC=400", 40.05), variantRuns("GOGC=25", 0), variantRuns("GOGC=26", 0.05))
}

func TestRank(t *testing.T) {
	r := rankedRuns()
	var got []string
	for _, v := range r.Variants {
		got = append(got, fmt.Sprint(v.Rank, " ", v.Name))
	}
	assert.Equal(t, []string{"1 GOGC=25", "1 GOGC=26", "3 GOGC=100", "4 GOGC=400"}, got, "25 and 26 cannot be told apart")
	assert.Equal(t, "GOGC=100", r.First)
	assert.Empty(t, r.Variants[2].Change.Metric, "the first is compared with none")
	assert.InDelta(t, 30.05*words.Mib, r.Variants[3].Change.Change.Value, 0.01*words.Mib)
	golden.Check(t, "rank.md", []byte(golden.Written(t, r.Markdown)))
	golden.Check(t, "rank.html", []byte(golden.Written(t, r.HTML)))
}

func TestRankOfFewAndDeadRuns(t *testing.T) {
	dead := variantRuns("GOMEMLIMIT=1MiB", 1)
	for _, r := range dead {
		r.Notes = []report.Finding{{Kind: report.OOMKilled, Fatal: true}}
	}
	r := Rank(dead, variantRuns("b", 30)[:2], variantRuns("a", 0)[:2], nil)
	assert.Equal(t, "a", r.Variants[0].Name)
	assert.Equal(t, [4]int{1, 1, 0, 0}, [4]int{r.Variants[0].Rank, r.Variants[1].Rank, r.Variants[2].Rank, r.Variants[3].Rank})
	assert.Equal(t, 5, r.Variants[2].Died)
	assert.Contains(t, r.Warning, "2 and 2 runs cannot tell so many variants apart")
	written := golden.Written(t, r.Markdown)
	assert.Contains(t, written, "| – | GOMEMLIMIT=1MiB | 5 &#40;5 died&#41; |")
	assert.NotContains(t, golden.Written(t, Rank(nil, nil).HTML), "lowest peak")

	hostile := fixture.Hostile()
	hostile.Trial.Of = hostile.Name
	for _, form := range []func(io.Writer) error{Rank([]*report.Record{hostile}, variantRuns("b", 1)).HTML, Rank([]*report.Record{hostile}).Markdown} {
		shown := golden.Written(t, form)
		assert.NotContains(t, shown, "<img")
		assert.False(t, strings.ContainsFunc(shown, text.Invisible))
	}
}

func TestHeldNamesTheProgramsCode(t *testing.T) {
	before, after := fixture.Healthy(), fixture.Healthy()
	before.Retained = []heap.Box{{After: 11 * words.Mib}, {Depth: 1, Func: "main.main", After: 10 * words.Mib}, {Depth: 2, Func: "example.org/shop.fill", After: 8 * words.Mib}, {Depth: 3, Func: "strings.Repeat", After: 6 * words.Mib}, {Depth: 2, Func: "net/http.serve", After: words.Mib}}
	after.Retained = []heap.Box{{After: 15 * words.Mib}, {Depth: 1, Func: "main.main", After: 14 * words.Mib}, {Depth: 2, Func: "example.org/shop.fill", After: 12 * words.Mib}, {Depth: 3, Func: "strings.Repeat", After: 9 * words.Mib}, {Depth: 9, Func: "a box out of place", After: words.Mib}}
	held := Runs([]*report.Record{before}, []*report.Record{after}).Retained
	require.Len(t, held, 1)
	assert.Equal(t, RetainedDelta{Func: "example.org/shop.fill", Before: 8 * words.Mib, After: 12 * words.Mib}, held[0])
	assert.Equal(t, "+4.0 MiB (8.0 → 12.0)  example.org/shop.fill", held[0].String())
}

// TestCompareShowsWhatAJudgeSaid: its word goes before the intervals'.
func TestCompareShowsWhatAJudgeSaid(t *testing.T) {
	for name, tc := range map[string]struct {
		check report.Check
		more  float64
		want  string
	}{
		"worse":                  {report.Check{Outcome: report.Failed, Allowed: "≤ +1.2 MiB"}, 20, "### ❌ TestCatalog/warm: worse"},
		"clear, but tolerated":   {report.Check{Outcome: report.Passed}, 20, "| not worse | peak working set |"},
		"tolerated, so no worse": {report.Check{Outcome: report.Passed}, 20, "### ✅ TestCatalog/warm: not worse"},
		"cannot tell":            {report.Check{Got: "cannot tell: too few"}, 20, "### ❔ TestCatalog/warm: cannot tell"},
		"better by chance":       {report.Check{Outcome: report.Passed}, -5, "### ✅ TestCatalog/warm: not worse"},
		"better":                 {report.Check{Outcome: report.Passed, Better: true}, -5, "### ✅ TestCatalog/warm: better"},
	} {
		before, after := variantRuns("before", 10), variantRuns("after", 10+tc.more)
		tc.check.Judge, tc.check.Metric = report.NotWorse, report.PeakWorkingSet
		checks := []report.Check{tc.check}
		for _, m := range report.Metrics() {
			if m != report.PeakWorkingSet && m != report.RequestRate {
				checks = append(checks, report.Check{Judge: report.NotWorse, Metric: m, Outcome: report.Passed})
			}
		}
		after[4].Checks = append(after[4].Checks, checks...)
		assert.Contains(t, golden.Written(t, Runs(before, after).Markdown), tc.want, name)
	}
}

func TestIndexOfComparisons(t *testing.T) {
	trial := func(of string, checks ...report.Check) *report.Record {
		r := fixture.Healthy()
		r.Trial, r.Checks = report.Trial{Of: of, N: 1, Place: 1, Total: 2}, checks
		return r
	}
	for name, tc := range map[string]struct {
		checks []report.Check
		want   string
	}{
		"not judged":  {nil, "✓ not judged</span><br>Too few runs to tell"},
		"not worse":   {[]report.Check{{Judge: report.NotWorse, Metric: report.PeakWorkingSet, Outcome: report.Passed}}, "✓ passed</span><br>No figure got worse"},
		"cannot tell": {[]report.Check{{Judge: report.NotWorse, Metric: report.PeakWorkingSet, Got: "cannot tell: too few"}}, "✗ inconclusive</span><br>Cannot tell: too few"},
		"worse":       {[]report.Check{{Judge: report.NotWorse, Metric: report.PeakWorkingSet, Outcome: report.Failed, Got: "more"}}, "✗ failed</span><br>Peak working set went from"},
	} {
		dir := t.TempDir()
		require.NoError(t, Runs([]*report.Record{trial("before")}, []*report.Record{trial("after", tc.checks...)}).AddToIndex(dir, "shown"), name)
		assert.Contains(t, golden.Read(t, dir, index.IndexFile), tc.want, name)
	}
	dir := t.TempDir()
	require.NoError(t, Rank([]*report.Record{trial("a")}, []*report.Record{trial("b")}).AddToIndex(dir, "shown"))
	assert.Contains(t, golden.Read(t, dir, index.IndexFile), "✓ not judged</span><br>")
	assert.Contains(t, golden.Read(t, dir, index.IndexFile), "has the lowest peak working set")
}
