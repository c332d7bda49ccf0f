package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/profile"
)

// fixedRun is the leaking run once the leak is mended, and another site came.
func fixedRun() *Record {
	r := healthyRun()
	r.Name, r.Test, r.Env.GitCommit = "TestOrders", leakingRun().Test, "9c8b7a6d5e4f"
	r.Growth = append(r.Growth, profile.Site{Func: "bufio.NewReaderSize", File: "/usr/lib/go/src/bufio/bufio.go", Line: 59, Bytes: 65_536, PerRequest: 5})
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
