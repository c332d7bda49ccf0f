package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/memgate/memgate/profile/heap"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fixedRun is the leaking run once the leak is mended, and another site came.
func fixedRun() *Record {
	r := healthyRun()
	r.Name, r.Test, r.Env.GitCommit = "TestOrders", leakingRun().Test, "9c8b7a6d5e4f"
	r.Growth = append(r.Growth, heap.Site{Func: "bufio.NewReaderSize", File: "/usr/lib/go/src/bufio/bufio.go", Line: 59, Bytes: 65_536, PerRequest: 5})
	return r
}

func asComparison(t testing.TB, c *Comparison) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, c.HTML(&b))
	return b.String()
}

func TestCompareOneRunEach(t *testing.T) {
	c := Compare([]*Record{leakingRun()}, []*Record{fixedRun()})
	growth := c.Deltas[0]
	assert.Equal(t, "growth per request", growth.Figure)
	assert.InDelta(t, -1889.3, growth.Change.Value, 0.01)
	assert.InDelta(t, -1889.3-170.4, growth.Change.Lo, 0.1, "√(170² + 11.7²)")
	assert.True(t, growth.Change.Clear())
	assert.Equal(t, "peak working set", c.Deltas[1].Figure)
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
	golden(t, "compare.html", []byte(asComparison(t, c)))
}

// A trial's growth is that of its floors, not its trend: left alone under load, it has none.
func TestCompareOneTrialEach(t *testing.T) {
	trial := func(of string) *Record {
		r := leakingRun()
		r.Trial = Trial{Of: of, N: 1, Place: 1, Total: 2}
		return r
	}
	c := Compare([]*Record{trial("before")}, []*Record{trial("after")})
	assert.Equal(t, "growth per request", c.Deltas[0].Figure)
	assert.Zero(t, c.Deltas[0].Change.Value)
	page := asComparison(t, c)
	assert.Contains(t, page, "<title>cannot tell: ")
	assert.Contains(t, page, "Too few runs to tell: an interval takes 4 runs each, there are 1 and 1")
	var b bytes.Buffer
	require.NoError(t, c.Markdown(&b))
	assert.Contains(t, b.String(), "Before: 1 run, ")
}

func TestCompareManyRuns(t *testing.T) {
	var before, after []*Record
	for i := range 5 {
		a, b := healthyRun(), healthyRun()
		for j := range a.Samples {
			b.Samples[j].WorkingSet += uint64(20*mib + i*mib)
		}
		before, after = append(before, a), append(after, b)
	}
	c := Compare(before, after)
	peak := c.Deltas[1]
	assert.True(t, peak.Change.Clear())
	assert.InDelta(t, 22*mib, peak.Change.Value, 0.01*mib)
	page := asComparison(t, c)
	assert.Contains(t, page, "Peak working set went from ")
	assert.Contains(t, page, "<title>worse: ")
}

func TestCompareOfHostileAndEmptyRuns(t *testing.T) {
	page := asComparison(t, Compare([]*Record{hostileRun(), spilled("cAnArY4711")}, []*Record{hostileRun()}))
	assert.NotContains(t, page, "<img")
	assert.NotContains(t, page, "</script>")
	assert.NotContains(t, page, "cAnArY4711")
	assert.False(t, strings.ContainsFunc(page, invisible))
	both := Compare([]*Record{hostileRun(), spilled("cAnArY4711")}, []*Record{hostileRun()})
	for _, form := range []func(io.Writer) error{both.Text, both.Markdown} {
		text := textOfForm(t, form)
		assert.NotContains(t, text, "cAnArY4711")
		assert.False(t, strings.ContainsFunc(text, invisible))
	}
	assert.NotContains(t, textOfForm(t, both.Markdown), "<img")
	assert.Contains(t, textOfForm(t, Compare(nil, nil).Markdown), "nothing to compare")
	assert.Contains(t, asComparison(t, Compare(nil, nil)), "nothing to compare")
	assert.Contains(t, asComparison(t, Compare([]*Record{{}}, []*Record{emptyRun()})), "nothing to compare")
}

func TestBrowserShowsTheOtherPages(t *testing.T) {
	b := browse(t)
	dir := t.TempDir()
	long := hostileRun()
	long.Name = strings.Repeat("TestVeryLongName", 30)
	for name, r := range map[string]*Record{"a": leakingRun(), "b": healthyRun(), "c": long} {
		require.NoError(t, r.AddToIndex(dir, name))
	}
	audit := auditScript(t)
	for name, page := range map[string]string{
		"comparison": asComparison(t, Compare([]*Record{leakingRun()}, []*Record{fixedRun()})),
		"hostile":    asComparison(t, Compare([]*Record{hostileRun()}, []*Record{long})),
		"ranking":    textOfForm(t, ranked().HTML),
		"index":      indexOf(t, dir),
	} {
		for _, width := range []int64{360, 1200} {
			b.open([]byte(page), width)
			assert.LessOrEqual(t, evaluate[int](b, `document.documentElement.scrollWidth - innerWidth`), 0, "%s at %d px", name, width)
			if width == 1200 {
				shoot(b, name)
			}
		}
		assert.Empty(t, audited(b, audit), name)
		console, requests := b.heard()
		assert.Empty(t, console, name)
		assert.Empty(t, requests, name)
	}
}

// variantRuns are five runs of a variant around so many MiB more than the healthy one.
func variantRuns(of string, more float64) (runs []*Record) {
	for i := range 5 {
		r := healthyRun()
		r.Name, r.Trial = of, Trial{Of: of, N: i + 1, Place: i + 1, Total: 15, Seed: 77}
		for j := range r.Samples {
			r.Samples[j].WorkingSet += uint64((more + float64(i)/10) * mib)
		}
		runs = append(runs, r)
	}
	return runs
}

func ranked() *Ranking {
	return Rank(variantRuns("GOGC=100", 10), variantRuns("GOGC=400", 40.05), variantRuns("GOGC=25", 0), variantRuns("GOGC=26", 0.05))
}

func TestRank(t *testing.T) {
	r := ranked()
	var got []string
	for _, v := range r.Variants {
		got = append(got, fmt.Sprint(v.Rank, " ", v.Name))
	}
	assert.Equal(t, []string{"1 GOGC=25", "1 GOGC=26", "3 GOGC=100", "4 GOGC=400"}, got, "25 and 26 cannot be told apart")
	assert.Equal(t, "GOGC=100", r.First)
	assert.Empty(t, r.Variants[2].Change.Unit, "the first is compared with none")
	assert.InDelta(t, 30.05*mib, r.Variants[3].Change.Change.Value, 0.01*mib)
	golden(t, "rank.md", []byte(textOfForm(t, r.Markdown)))
	golden(t, "rank.html", []byte(textOfForm(t, r.HTML)))
}

func TestRankOfFewAndDeadRuns(t *testing.T) {
	dead := variantRuns("GOMEMLIMIT=1MiB", 1)
	for _, r := range dead {
		r.Notes = []Finding{{Kind: OOMKilled, Fatal: true}}
	}
	r := Rank(dead, variantRuns("b", 30)[:2], variantRuns("a", 0)[:2], nil)
	assert.Equal(t, "a", r.Variants[0].Name)
	assert.Equal(t, [4]int{1, 1, 0, 0}, [4]int{r.Variants[0].Rank, r.Variants[1].Rank, r.Variants[2].Rank, r.Variants[3].Rank})
	assert.Equal(t, 5, r.Variants[2].Died)
	assert.Contains(t, r.Warning, "2 and 2 runs cannot tell so many variants apart")
	text := textOfForm(t, r.Markdown)
	assert.Contains(t, text, "| – | GOMEMLIMIT=1MiB | 5 &#40;5 died&#41; |")
	assert.NotContains(t, textOfForm(t, Rank(nil, nil).HTML), "lowest peak")

	hostile := hostileRun()
	hostile.Trial.Of = hostile.Name
	for _, form := range []func(io.Writer) error{Rank([]*Record{hostile}, variantRuns("b", 1)).HTML, Rank([]*Record{hostile}).Markdown} {
		shown := textOfForm(t, form)
		assert.NotContains(t, shown, "<img")
		assert.False(t, strings.ContainsFunc(shown, invisible))
	}
}

func TestHeldNamesTheProgramsCode(t *testing.T) {
	before, after := healthyRun(), healthyRun()
	before.Retained = []heap.Box{{After: 11 * mib}, {Depth: 1, Func: "main.main", After: 10 * mib}, {Depth: 2, Func: "example.org/shop.fill", After: 8 * mib}, {Depth: 3, Func: "strings.Repeat", After: 6 * mib}, {Depth: 2, Func: "net/http.serve", After: mib}}
	after.Retained = []heap.Box{{After: 15 * mib}, {Depth: 1, Func: "main.main", After: 14 * mib}, {Depth: 2, Func: "example.org/shop.fill", After: 12 * mib}, {Depth: 3, Func: "strings.Repeat", After: 9 * mib}, {Depth: 9, Func: "a box out of place", After: mib}}
	held := Compare([]*Record{before}, []*Record{after}).Held
	require.Len(t, held, 1)
	assert.Equal(t, HeldDelta{Func: "example.org/shop.fill", Before: 8 * mib, After: 12 * mib}, held[0])
	assert.Equal(t, "+4.0 MiB (8.0 → 12.0)  example.org/shop.fill", held[0].String())
}

// TestCompareShowsWhatAJudgeSaid: its word goes before the intervals'.
func TestCompareShowsWhatAJudgeSaid(t *testing.T) {
	for name, tc := range map[string]struct {
		check Check
		more  float64
		want  string
	}{
		"worse":                  {Check{Rule: NotWorse + "peak working set", Allowed: "≤ +1.2 MiB"}, 20, "### ❌ TestCatalog/warm: worse"},
		"clear, but tolerated":   {Check{Rule: NotWorse + "peak working set", OK: true}, 20, "| not worse | peak working set |"},
		"tolerated, so no worse": {Check{Rule: NotWorse + "peak working set", OK: true}, 20, "### ✅ TestCatalog/warm: not worse"},
		"cannot tell":            {Check{Rule: NotWorse + "peak working set", Got: CannotTell + "too few"}, 20, "### ❔ TestCatalog/warm: cannot tell"},
		"better by chance":       {Check{Rule: NotWorse + "peak working set", OK: true}, -5, "### ✅ TestCatalog/warm: not worse"},
		"better":                 {Check{Rule: NotWorse + "peak working set", OK: true, Got: Better + "so much"}, -5, "### ✅ TestCatalog/warm: better"},
	} {
		before, after := variantRuns("before", 10), variantRuns("after", 10+tc.more)
		checks := []Check{tc.check}
		for _, f := range comparedFigures[:len(comparedFigures)-1] {
			if NotWorse+f.name != tc.check.Rule {
				checks = append(checks, Check{Rule: NotWorse + f.name, OK: true})
			}
		}
		after[4].Checks = append(after[4].Checks, checks...)
		assert.Contains(t, textOfForm(t, Compare(before, after).Markdown), tc.want, name)
	}
}
