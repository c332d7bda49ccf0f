package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/profile/leak"
)

func TestEvidence(t *testing.T) {
	r := leakingRun()
	e := r.Evidence()
	assert.Equal(t, time.Minute, e.Window)
	assert.Equal(t, 200.0, e.Planned)
	assert.Empty(t, e.Broken)
	load, ok := r.Phase(Load)
	require.True(t, ok)
	require.NotEmpty(t, e.Samples)
	require.NotEmpty(t, e.Floors)
	assert.GreaterOrEqual(t, e.Samples[0].At, load.From)
	assert.LessOrEqual(t, e.Samples[len(e.Samples)-1].At, load.To)
	assert.Len(t, e.Floors, 61)
	assert.Equal(t, leak.Evidence{}, new(Record).Evidence())
}

func TestEvidenceThatIsBroken(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*Record)
		want  string // "" if it is not broken
	}{
		"killed":            {func(r *Record) { r.Notes = append(r.Notes, Finding{Fatal: true, Text: "it died"}) }, "it died"},
		"a child is killed": {func(r *Record) { r.Samples[300].OOMKills, r.Samples[301].OOMKills = 0, 1 }, "the kernel killed 1 process(es) of the target for want of memory at 00:30"},
		"gap":               {func(r *Record) { r.Samples = append(r.Samples[:300:300], r.Samples[360:]...) }, "no memory sample was taken for 6.1s from 00:29 on"},
		"short gap":         {func(r *Record) { r.Samples = append(r.Samples[:300:300], r.Samples[320:]...) }, ""},
		"slow sampling": {func(r *Record) {
			r.Source.Every = time.Second
			r.Samples = append(r.Samples[:300:300], r.Samples[360:]...)
		}, ""},
		"many short gaps": {func(r *Record) {
			for i := 150; i < 500; i += 10 { // of 0.6 s each
				r.Samples = append(r.Samples[:i:i], r.Samples[i+5:]...)
			}
		}, "gaps in the memory samples are"},
		"started again":  {func(r *Record) { r.Samples[300].Memory = profile.Memory{Missing: profile.LackingAllBut()} }, "the target ended and was started again between 00:29 and 00:30"},
		"gap in warm-up": {func(r *Record) { r.Samples = append(r.Samples[:10:10], r.Samples[90:]...) }, ""},
		"warning":        {func(r *Record) { r.Notes = append(r.Notes, Finding{Kind: Warning, Text: "slow"}) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := leakingRun()
			c.spoil(r)
			broken := r.Evidence().Broken
			if c.want == "" {
				assert.Empty(t, broken)
				return
			}
			require.NotEmpty(t, broken)
			assert.Contains(t, broken[0], strings.TrimSuffix(c.want, " on"))
		})
	}
}

func TestFloorsInWords(t *testing.T) {
	floors := func(mibs ...float64) *Record {
		r := &Record{Phases: []Phase{{Name: Load, To: time.Hour}}}
		for i, m := range mibs {
			r.Floors = append(r.Floors, profile.LiveHeap{At: time.Duration(i) * time.Second, HeapAlloc: uint64(m * mib)})
		}
		return r
	}
	assert.Empty(t, floors().FloorsInWords())
	assert.Empty(t, floors(1).FloorsInWords())
	assert.Equal(t, "41.3 → 55.6 MiB after GC (each higher)", floors(41.3, 55.6).FloorsInWords())
	assert.Equal(t, "41.3 → 55.6 → 55.6 MiB after GC", floors(41.3, 55.6, 55.6).FloorsInWords())
	assert.Equal(t, "1.0 → 4.0 → 7.0 → 10.0 MiB after GC (each higher)", floors(1, 2, 3, 4, 5, 6, 7, 8, 9, 10).FloorsInWords())
}

// A goroutine more or less in a whole run is noise.
func TestGoroutinesThatSayNothingAreLeftOut(t *testing.T) {
	grown := []heap.GoroutineGrowth{
		{Func: "main.wait", File: "main.go", Line: 57, Count: 4012, PerRequest: 1, State: "chan receive"},
		{Func: "main.stuck", Count: 1, PerRequest: 0.0003, Leaked: 1},
		{Func: "net/http.(*conn).serve", Count: 2, PerRequest: 0.0004},
	}
	assert.Equal(t, []string{
		"+4,012 goroutines, 1.00/request, in main.wait main.go:57 (chan receive)",
		"+1 goroutines, 0.00/request, in main.stuck ; the runtime knows 1 to wait for ever",
	}, TopGoroutines(grown, 5))
	page := string(asHTML(t, &Record{Goroutines: grown}))
	assert.Contains(t, page, "<code>main.stuck</code>")
	assert.NotContains(t, page, "<code>net/http.(*conn).serve</code>")
	assert.NotContains(t, string(asHTML(t, &Record{Goroutines: grown[2:]})), "Goroutines that grew in number")
}

func TestPprofCommand(t *testing.T) {
	assert.Equal(t, "go tool pprof -diff_base TestOrders.01-warm-up.pb.gz TestOrders.03-cool-down.pb.gz", leakingRun().PprofCommand())
	assert.Empty(t, healthyRun().PprofCommand())
	r := &Record{Heaps: []Heap{{File: "a.gz"}, {File: "$(rm -rf x)'.gz"}, {}, {File: "last", Phase: Floor}}}
	assert.Equal(t, `go tool pprof -diff_base a.gz '$(rm -rf x)'\''.gz'`, r.PprofCommand(), "it is copied into a shell")
}

func TestOutcome(t *testing.T) {
	check := func(ok bool, got string) Check { return Check{Rule: "rule", Allowed: "1", Got: got, OK: ok} }
	for name, c := range map[string]struct {
		r        Record
		want     outcome
		headline string
	}{
		"nothing":          {Record{}, unjudged, "nothing was measured"},
		"kept":             {Record{Checks: []Check{check(true, "0")}, Trend: leak.Trend{Verdict: leak.Steady, Bound: 12, Channel: "live heap"}}, passed, "the live heap is steady: no growth above 12 B/request"},
		"inconclusive":     {Record{Checks: []Check{check(true, ""), check(false, "inconclusive: few")}, Trend: leak.Trend{Reason: "few", Remedy: "more"}}, inconclusive, "no statement on growth is possible: few; more"},
		"and broken":       {Record{Checks: []Check{check(false, "inconclusive: few"), check(false, "2")}}, failed, "rule is inconclusive: few, allowed 1; 1 more rules failed"},
		"broken":           {Record{Checks: []Check{check(true, "0"), check(false, "2")}}, failed, "rule is 2, allowed 1"},
		"leak":             {Record{Checks: []Check{check(false, "x")}, Trend: leak.Trend{Verdict: leak.Leaking, PerRequest: leak.Estimate{Value: 99}}}, failed, "the memory grows by 99 B with each request"},
		"leak, not judged": {Record{Trend: leak.Trend{Verdict: leak.Leaking, PerRequest: leak.Estimate{Value: 99}}}, unjudged, "the memory grows by 99 B with each request"},
		"ended":            {Record{Checks: []Check{check(true, "0")}, Notes: []Finding{{Fatal: true, Text: "it died"}}}, failed, "it died"},
	} {
		assert.Equal(t, c.want, c.r.outcome(), name)
		assert.Equal(t, c.headline, c.r.headline(), name)
	}
}

// Of several findings a line of text names the weightiest, as what it is.
func TestNoteInWords(t *testing.T) {
	longer := Finding{Kind: Extended, At: 9 * time.Second, Text: "the load goes on for 8s: it is inconclusive"}
	short := Finding{Kind: Warning, At: 12 * time.Second, Text: "the CPU was short"}
	pinned := Finding{Kind: Pinned, Text: "the target was pinned"}
	died := Finding{Kind: Exited, Fatal: true, Text: "it died"}
	for want, notes := range map[string][]Finding{
		"": {died},
		"longer  the load goes on for 8s: it is inconclusive at 00:09": {died, longer},
		"warning the CPU was short at 00:12 (1 more)":                  {longer, short},
		"pinned  the target was pinned at 00:00 (2 more)":              {longer, short, pinned},
	} {
		r := &Record{Notes: notes}
		var said string
		if name, line := r.noteInWords(); name != "" {
			said = fmt.Sprintf("%-7s %s", name, line)
		}
		assert.Equal(t, want, said)
	}
	var b strings.Builder
	assert.NoError(t, (&Record{Notes: []Finding{longer}}).Markdown(&b))
	assert.Contains(t, b.String(), "ℹ️ the load goes on")
	chart := newChart(&Record{Phases: []Phase{{To: time.Minute}}, Samples: profile.Series{{}, {At: time.Minute}}, Notes: []Finding{longer, short}}, false)
	assert.Len(t, chart.Warnings, 1, "an extension is no warning")
}

func TestShortFinding(t *testing.T) {
	assert.Equal(t, "it died at 00:53", Finding{Text: "it died at 00:53 (exit code 2; limit 1 MiB); growth before"}.Short())
	assert.Equal(t, "it died", Finding{Text: "it died; (so)"}.Short())
	assert.Equal(t, "it died: see its log", Finding{Text: "it died: see its log"}.Short())
}
