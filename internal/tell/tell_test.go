package tell

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/fixture"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

func TestAgainCommand(t *testing.T) {
	for _, c := range []struct {
		test report.Test
		want string
	}{
		{report.Test{}, ""},
		{report.Test{Name: "TestOrders", Package: "example.org/shop"}, "go test -count=1 -run '^TestOrders$' example.org/shop"},
		{report.Test{Name: "TestOrders/rate=200/a.b", Package: "example.org/shop"}, `go test -count=1 -run '^TestOrders$/^rate=200$/^a\.b$' example.org/shop`},
		{report.Test{Name: "BenchmarkOrders", Package: "example.org/shop"}, "go test -count=1 -run '^$' -bench '^BenchmarkOrders$' example.org/shop"},
		{report.Test{Name: "TestX", Package: "command-line-arguments"}, "go test -count=1 -run '^TestX$'"},
		{report.Test{Name: "TestX'; rm -rf x", Package: "$(rm -rf y)"}, `go test -count=1 -run '^TestX'\''; rm -rf x$' '$(rm -rf y)'`},
		{report.Test{Name: "TestX", Package: "-exec=rm"}, "go test -count=1 -run '^TestX$' '-exec=rm'"},
	} {
		assert.Equal(t, c.want, AgainCommand((&report.Record{Test: c.test})))
	}
}

func TestGapsInWords(t *testing.T) {
	r := &report.Record{Source: report.Source{Every: 100 * time.Millisecond}}
	assert.Empty(t, Gaps(r))
	for _, ms := range []int{0, 100, 200, 510, 800, 2000} {
		r.Samples = append(r.Samples, profile.Sample{At: time.Duration(ms) * time.Millisecond})
	}
	assert.Equal(t, "2 of more than 300ms; 1.31s without a sample in all", Gaps(r))
	r.Samples = r.Samples[:3]
	assert.Equal(t, "none", Gaps(r))
}

func TestFloorsInWords(t *testing.T) {
	floors := func(mibs ...float64) *report.Record {
		r := &report.Record{Phases: []report.Phase{{Name: report.Load, To: time.Hour}}}
		for i, m := range mibs {
			r.LiveHeaps = append(r.LiveHeaps, profile.LiveHeap{At: time.Duration(i) * time.Second, HeapAlloc: uint64(m * words.Mib)})
		}
		return r
	}
	assert.Empty(t, LiveHeap(floors()))
	assert.Empty(t, LiveHeap(floors(1)))
	assert.Equal(t, "41.3 → 55.6 MiB after GC (each higher)", LiveHeap(floors(41.3, 55.6)))
	assert.Equal(t, "41.3 → 55.6 → 55.6 MiB after GC", LiveHeap(floors(41.3, 55.6, 55.6)))
	assert.Equal(t, "1.0 → 4.0 → 7.0 → 10.0 MiB after GC (each higher)", LiveHeap(floors(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)))
}

func TestPprofCommand(t *testing.T) {
	assert.Equal(t, "go tool pprof -diff_base TestOrders.01-warm-up.pb.gz TestOrders.03-cool-down.pb.gz", PprofCommand(fixture.Leaking()))
	assert.Empty(t, PprofCommand(fixture.Healthy()))
	r := &report.Record{HeapProfiles: []report.ProfileFile{{File: "a.gz"}, {File: "$(rm -rf x)'.gz"}, {}, {File: "last", Phase: report.Final}}}
	assert.Equal(t, `go tool pprof -diff_base a.gz '$(rm -rf x)'\''.gz'`, PprofCommand(r), "it is copied into a shell")
}

func TestOutcome(t *testing.T) {
	check := func(o report.Outcome, got string) report.Check {
		return report.Check{Judge: report.Budget, Metric: report.PeakWorkingSet, Outcome: o, Rule: "rule", Allowed: "1", Got: got}
	}
	growth := report.Check{Judge: report.NoLeak, Metric: report.GrowthPerRequest, Rule: "no leak", Got: "inconclusive: few"}
	worse := report.Check{Judge: report.NotWorse, Metric: report.PeakWorkingSet, Rule: "not worse: peak working set", Reason: "4 and 4 runs are too few"}
	for name, c := range map[string]struct {
		r        report.Record
		want     report.Outcome
		headline string
	}{
		"nothing":          {report.Record{}, report.NotJudged, "nothing was measured"},
		"kept":             {report.Record{Checks: []report.Check{check(report.Passed, "0")}, Trend: leak.Trend{Verdict: leak.Steady, Bound: 12, Signal: "live heap"}}, report.Passed, "the live heap is steady: no growth above 12 B/request"},
		"inconclusive":     {report.Record{Checks: []report.Check{check(report.Passed, ""), growth}, Trend: leak.Trend{Reason: "few", Remedy: "more"}}, report.Inconclusive, "no statement on growth is possible: few; more"},
		"and broken":       {report.Record{Checks: []report.Check{growth, check(report.Failed, "2")}}, report.Failed, "rule is 2, allowed 1"},
		"broken":           {report.Record{Checks: []report.Check{check(report.Passed, "0"), check(report.Failed, "2")}}, report.Failed, "rule is 2, allowed 1"},
		"leak":             {report.Record{Checks: []report.Check{check(report.Failed, "x")}, Trend: leak.Trend{Verdict: leak.Leaking, PerRequest: profile.Estimate{Value: 99}}}, report.Failed, "the memory grows by 99 B with each request"},
		"not compared":     {report.Record{Checks: []report.Check{check(report.Passed, "0"), worse}, Trend: leak.Trend{Verdict: leak.Steady}}, report.Inconclusive, "cannot compare peak working set: 4 and 4 runs are too few"},
		"not measured":     {report.Record{Checks: []report.Check{check(report.Inconclusive, "not measured")}}, report.Inconclusive, "rule cannot be judged: not measured"},
		"leak, not judged": {report.Record{Trend: leak.Trend{Verdict: leak.Leaking, PerRequest: profile.Estimate{Value: 99}}}, report.NotJudged, "the memory grows by 99 B with each request"},
		"ended":            {report.Record{Checks: []report.Check{check(report.Passed, "0")}, Notes: []report.Finding{{Fatal: true, Summary: "it died"}}}, report.Failed, "it died"},
	} {
		assert.Equal(t, c.want, c.r.Outcome(), name)
		assert.Equal(t, c.headline, Headline(&c.r), name)
	}
}

func TestHolderLines(t *testing.T) {
	assert.Equal(t, []string{
		"global variable example.com/registry.data (map[*http.Request]map[interface {}]interface {})",
		"  retains 98% of the growth, 2,445 B per request; one more element per request (2,000 → 8,000)",
		"  +7.0 MiB  [value] (map[interface {}]interface {})  1.00 objects per request",
		"  +6.7 MiB  [key] (net/http.Request)  1.00 objects per request",
		"  also retained by global variable example.com/registry.datat (map[*http.Request]int64)",
	}, Retainers(fixture.Held()))
	assert.Empty(t, Retainers(fixture.Leaking()))

	for _, tt := range []struct {
		h    report.Retainer
		want string
	}{
		{report.Retainer{Share: 1, PerRequest: 8}, "retains 100% of the growth, 8 B per request; it grows as a whole"},
		{report.Retainer{Share: 0.5, PerRequest: 100, Elements: 0.25, Before: 10, After: 260}, "retains 50% of the growth, 100 B per request; 0.25 more elements per request (10 → 260)"},
		{report.Retainer{Share: 0.5, Elements: 1.04, Before: -1, After: 9}, "retains 50% of the growth, 0 B per request; one more element per request (0 → 9)"},
	} {
		assert.Equal(t, tt.want, shareInWords(tt.h))
	}
	assert.Equal(t, "field shop.server.sessions, reached from global variable net/http.DefaultServeMux",
		report.Retainer{Name: "field shop.server.sessions", From: "global variable net/http.DefaultServeMux"}.String())
}

// TestWhatDecidedIsTold: a verdict by what is reachable says so, with all its readings.
func TestWhatDecidedIsTold(t *testing.T) {
	r := fixture.Held()
	r.Retainers[0].Counts = []uint64{600, 2300, 4597}
	assert.Contains(t, Retainers(r)[1], "one more element per request (600 → 2,300 → 4,597)")
	r.Trend.Reason = "decided by the heap walk: main.x gains 1.00 elements per request"
	assert.Contains(t, Headline(r), "; decided by the heap walk: main.x gains")
	healthy := fixture.Healthy()
	healthy.Trend.Reason = "decided by the heap walk: what is reachable at rest does not grow (4.0 → 4.0 MiB)"
	assert.Contains(t, Trend(healthy), "/request; decided by the heap walk")
}

func TestTopSites(t *testing.T) {
	assert.Equal(t, []string{
		"≈ +17.0 MiB  1,486 B/request (95% CI 1,212 … 1,759 B)  main.newSession           session.go:88",
		" ≈ +3.2 MiB    280 B/request (95% CI 101 … 458 B)      main.(*sessionStore).put  session.go:61  ← internal/runtime/maps.newTable table.go:81  (2 more sites, ≈ +0.5 MiB)",
	}, Sites(fixture.Leaking().Sites, 2))
	assert.Empty(t, Sites(nil, 3))
	assert.Empty(t, Sites(fixture.Leaking().Sites, 0))
	assert.Empty(t, Sites([]heap.Site{{Func: "main.f", Bytes: -1}}, 3), "what shrank is no culprit")
	assert.Equal(t, []string{"≈ +1.0 MiB  0 B/request  f  "}, Sites([]heap.Site{{Func: "f", Bytes: words.Mib}}, 3))
}

func TestKnownGrowth(t *testing.T) {
	day := time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	run := func(known ...report.Known) *report.Record {
		r := fixture.Leaking() // on 14 March
		r.Known = known
		return r
	}
	for name, tt := range map[string]struct {
		known report.Known
		bytes float64
		says  string
	}{
		"used":             {report.Known{Func: `main\.newSession`, PerRequest: 2000, Reason: "#12", Until: day}, 2000, `known growth of "main\\.newSession" (#12, until 2026-03-15): main.newSession grew by 1,486 B/request of 2,000 B that are tolerated`},
		"by its stack":     {report.Known{Func: `sessionStore\)\.open$`, PerRequest: 2000, Reason: "#12", Until: day}, 2000, "main.newSession grew by 1,486 B/request"},
		"fits two":         {report.Known{Func: `main\.handleOrder`, PerRequest: 2000, Reason: "#12", Until: day}, 2000, "grew by 1,765 B/request"},
		"expired today":    {report.Known{Func: `main\.newSession`, PerRequest: 2000, Reason: "#12", Until: day.AddDate(0, 0, -1)}, 0, "has expired: fix the leak"},
		"unused":           {report.Known{Func: `main\.gone`, PerRequest: 2000, Reason: "#12", Until: day}, 0, "fits nothing that grew: take it out"},
		"of what shrank":   {report.Known{Func: `main\.loadCatalog`, PerRequest: 2000, Reason: "#12", Until: day}, 0, "fits nothing that grew"},
		"damaged on disk":  {report.Known{Func: `(`, PerRequest: 2000, Reason: "#12", Until: day}, 0, "fits nothing that grew"},
		"without a reason": {report.Known{Func: `main\.newSession`, PerRequest: 2000, Reason: "", Until: day}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(tt.known)
			assert.Equal(t, tt.bytes, r.KnownGrowth())
			assert.Equal(t, tt.bytes, r.Evidence().Allowed)
			findings := Known(r)
			require.Len(t, findings, 1)
			assert.Contains(t, findings[0].Text(), tt.says)
		})
	}
	r := run(report.Known{Func: `main\.newSession`, PerRequest: 2000, Reason: "#12", Until: day}, report.Known{Func: `main\.\(\*sessionStore`, PerRequest: 300, Reason: "#13", Until: day})
	r.AllowedGrowth = 10
	assert.Equal(t, 2310.0, r.Evidence().Allowed)
	r.HeapProfiles = nil
	assert.Contains(t, Known(r)[0].Text(), "could not be checked")
}
