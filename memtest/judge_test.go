package memtest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// record is a run whose working set climbs from 30 to 50 MiB over a minute of load and
// rests at 40 MiB.
func record() *report.Record {
	r := &report.Record{
		Schema: report.Schema, Name: "orders",
		Env:    report.Env{Limit: 64 * mebi},
		Source: report.Source{Kind: "cgroup v2 files", Achieved: 10},
		Phases: []report.Phase{
			{Name: report.Warmup, To: 10 * time.Second},
			{Name: report.Load, From: 10 * time.Second, To: 70 * time.Second},
			{Name: report.Cooldown, From: 70 * time.Second, To: 72 * time.Second},
			{Name: report.Final, From: 72 * time.Second, To: 73 * time.Second},
		},
		Load: load.Summary{Requests: 12000, Rate: 200, Duration: time.Minute, Success: 1},
		Trend: leak.Trend{
			Verdict: leak.Leaking, Signal: "live heap",
			PerRequest: profile.Estimate{Value: 1890, Lo: 1720, Hi: 2060, Points: 10},
			PerSecond:  profile.Estimate{Value: 378000, Lo: 344000, Hi: 412000, Points: 10},
			Memory:     50 * mebi, Amplified: 2,
			Objects: profile.Estimate{Value: 4, Lo: 4, Hi: 4, Points: 10},
		},
		Sites: []heap.Site{
			{Func: "main.newSession", File: "/src/session.go", Line: 88, Bytes: 17 << 20, PerRequest: 1485},
			{Func: "main.(*sessionStore).put", File: "/src/session.go", Line: 61, Bytes: 5 << 20, PerRequest: 437},
		},
		Report: "/tmp/TestOrders.html",
	}
	for i := range 730 {
		at := time.Duration(i) * 100 * time.Millisecond
		ws := uint64(30 * mebi)
		switch {
		case at >= 70*time.Second:
			ws = 40 * mebi
		case at >= 10*time.Second:
			ws += uint64((at - 10*time.Second).Seconds() / 60 * 20 * mebi)
		}
		r.Samples = append(r.Samples, profile.Sample{At: at, Requests: uint64(i) * 20, Memory: profile.Memory{WorkingSet: ws, Usage: ws}})
	}
	for i, live := range []uint64{41, 55, 70, 84} {
		r.LiveHeaps = append(r.LiveHeaps, profile.LiveHeap{At: time.Duration(10+20*i) * time.Second, HeapAlloc: live << 20})
	}
	return r
}

func steady(bound float64) leak.Trend {
	return leak.Trend{Verdict: leak.Steady, Signal: "live heap", Bound: bound}
}

func TestCheckLeakMessage(t *testing.T) {
	err := memtest.CheckLeak(record())
	require.Error(t, err)
	assert.Equal(t, `memory leak in "orders" (live heap)
    rule   memory may not grow with requests
    got    +1,890 B/request (95% CI 1,720 B … 2,060 B), 4.00 objects with each request = +21.6 MiB/min
    over   12,000 requests, 200 req/s, 1m0s after 10s of warm-up
    live   41.0 → 55.0 → 70.0 → 84.0 MiB after GC (each higher)
    where  ≈ +17.0 MiB  1,485 B/request  main.newSession           session.go:88
            ≈ +5.0 MiB    437 B/request  main.(*sessionStore).put  session.go:61
    limit  64.0 MiB reached in about 19 s at this rate (18 s to 21 s)
    report /tmp/TestOrders.html`, err.Error())
}

func TestCheckLeakTellsSinceWhen(t *testing.T) {
	r := record()
	assert.NotContains(t, memtest.CheckLeak(r).Error(), "since")
	r.Trend.Onset = leak.Onset{At: 200 * time.Second, PerRequest: profile.Estimate{Value: 4112, Points: 10}}
	assert.ErrorContains(t, memtest.CheckLeak(r), "\n    since  from 03:20 on it grows by 4112 B with each request; before, it hardly grew\n")
}

func TestCheckLeakCountsWhatWasCounted(t *testing.T) {
	r := record()
	r.Trend.Signal, r.Trend.PerRequest, r.Trend.PerSecond = "heap objects", profile.Estimate{Value: 40}, profile.Estimate{}
	r.Trend.Signals = []leak.Signal{{Name: "heap objects", Unit: "objects", Slope: profile.Estimate{Value: 4}}}
	r.AllowedGrowth = 16
	err := memtest.CheckLeak(r)
	assert.ErrorContains(t, err, `memory leak in "orders" (heap objects)`)
	assert.ErrorContains(t, err, "memory may not grow with requests (allowed 16 B/request)")
	assert.ErrorContains(t, err, "got    +4.00 objects/request, +40 B/request\n")
}

func TestCheckLeak(t *testing.T) {
	inconclusive := leak.Trend{Reason: "too few floors (3)", Remedy: "run at least 20 s longer"}
	killed := []report.Finding{{Kind: report.OOMKilled, Fatal: true, Summary: `"orders" was OOM-killed`, Logs: "out of memory\n"}}
	for name, tc := range map[string]struct {
		change func(*report.Record)
		want   string // "" passes
	}{
		"steady":                       {func(r *report.Record) { r.Trend = steady(12) }, ""},
		"inconclusive":                 {func(r *report.Record) { r.Trend = inconclusive }, `inconclusive: no leak statement is possible for "orders": too few floors (3): run at least 20 s longer`},
		"inconclusive, allowed":        {func(r *report.Record) { r.Trend = inconclusive; r.AllowInconclusive = true }, ""},
		"nothing at all":               {func(r *report.Record) { *r = report.Record{Name: "orders"} }, "inconclusive: "},
		"steady, but killed":           {func(r *report.Record) { r.Trend = steady(12); r.Notes = killed }, `no leak statement is possible for "orders": "orders" was OOM-killed`},
		"killed, with its last words":  {func(r *report.Record) { r.Trend = steady(12); r.Notes = killed }, "the run's failure and its report say more"},
		"inconclusive allowed, killed": {func(r *report.Record) { r.Trend = inconclusive; r.AllowInconclusive = true; r.Notes = killed }, "was OOM-killed"},
		"leaking and killed":           {func(r *report.Record) { r.Notes = killed }, "end    \"orders\" was OOM-killed"},
	} {
		t.Run(name, func(t *testing.T) {
			r := record()
			tc.change(r)
			err := memtest.CheckLeak(r)
			if tc.want == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, tc.want)
		})
	}
}

// blind is a source that tells of the usage alone.
func blind(r *report.Record) {
	for i := range r.Samples {
		r.Samples[i].Missing = profile.AllFieldsExcept(profile.Usage)
	}
}

func TestBudget(t *testing.T) {
	for name, tc := range map[string]struct {
		budget memtest.Budget
		change func(*report.Record)
		got    string // what the one check says
		ok     bool
	}{
		"peak kept":            {memtest.Budget{Peak: "50MiB"}, nil, "50.0 MiB at 01:09", true},
		"peak exceeded":        {memtest.Budget{Peak: "40MiB"}, nil, "50.0 MiB (+10.0, 125%) at 01:09", false},
		"exceeded by a little": {memtest.Budget{Peak: "51150KiB"}, nil, "50.0 MiB (+15.9 KiB, 100%) at 01:09", false},
		"average kept":         {memtest.Budget{Average: "41MiB"}, nil, "40.0 MiB", true},
		"average exceeded":     {memtest.Budget{Average: "39MiB"}, nil, "40.0 MiB (+1.0, 103%)", false},
		"p95 kept":             {memtest.Budget{P95: "49.1MiB"}, nil, "49.0 MiB", true},
		"p95 exceeded":         {memtest.Budget{P95: "48MiB"}, nil, "49.0 MiB (+1.0, 102%)", false},
		"settled kept":         {memtest.Budget{Settled: "40MiB"}, nil, "40.0 MiB", true},
		"settled exceeded":     {memtest.Budget{Settled: "30MiB"}, nil, "40.0 MiB (+10.0, 133%)", false},
		"settled late": {memtest.Budget{Settled: "30MiB"}, func(r *report.Record) { // the floor takes 3 s: a profile's garbage goes only at its end
			r.Phases[3].From = 70 * time.Second
			for i := range r.Samples {
				if r.Samples[i].At >= 72*time.Second {
					r.Samples[i].WorkingSet = 29 * mebi
				}
			}
		}, "29.0 MiB", true},
		"settled by its last sample": {memtest.Budget{Settled: "40MiB"}, func(r *report.Record) { r.Samples = r.Samples[:715] }, "40.0 MiB", true},
		"settled, but not looked":    {memtest.Budget{Settled: "99MiB"}, func(r *report.Record) { r.Samples = r.Samples[:690] }, "not measured", false},
		"headroom kept":              {memtest.Budget{Headroom: "14MiB"}, nil, "14.0 MiB at 01:09 (limit 64.0 MiB)", true},
		"headroom used up":           {memtest.Budget{Headroom: "15MiB"}, nil, "14.0 MiB at 01:09 (limit 64.0 MiB)", false},
		"headroom without limit":     {memtest.Budget{Headroom: "15MiB"}, func(r *report.Record) { r.Env.Limit = 0 }, "no memory limit: set Image.MemoryLimit", false},
		"growth proven small":        {memtest.Budget{GrowthPerRequest: 64}, func(r *report.Record) { r.Trend = steady(12) }, "no growth above 12 B/request", true},
		"growth not excluded":        {memtest.Budget{GrowthPerRequest: 64}, func(r *report.Record) { r.Trend = steady(100) }, "a longer run could exclude less", false},
		"growth seen":                {memtest.Budget{GrowthPerRequest: 64}, nil, "+1,890 B/request", false},
		"growth seen, allowed":       {memtest.Budget{GrowthPerRequest: 4096}, nil, "+1,890 B/request", true},
		"growth of no interval": {memtest.Budget{GrowthPerRequest: 4096}, func(r *report.Record) {
			r.Trend.PerRequest = profile.Estimate{Value: 1890, Lo: 1890, Hi: 1890, Points: 10}
		}, "+1,890 B/request", false},
		"growth unknown":      {memtest.Budget{GrowthPerRequest: 64}, func(r *report.Record) { r.Trend = leak.Trend{Reason: "too few"} }, "inconclusive: too few", false},
		"no OOM kill":         {memtest.Budget{NoOOM: true}, nil, "0", true},
		"OOM kill of a child": {memtest.Budget{NoOOM: true}, func(r *report.Record) { r.Samples[700].OOMKills, r.Samples[729].OOMKills = 1, 1 }, "1", false},
		"figures unknown":     {memtest.Budget{Peak: "50MiB"}, blind, "not measured", false},
		"average unknown":     {memtest.Budget{Average: "50MiB"}, blind, "not measured", false},
		"OOM kills unknown":   {memtest.Budget{NoOOM: true}, blind, "not known", false},
		"no samples":          {memtest.Budget{Peak: "50MiB"}, func(r *report.Record) { r.Samples = nil }, "not measured", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := record()
			if tc.change != nil {
				tc.change(r)
			}
			checks, err := tc.budget.Check(r)
			require.Len(t, checks, 1)
			assert.Contains(t, checks[0].Got, tc.got)
			assert.Equal(t, tc.ok, checks[0].Passed())
			assert.Equal(t, tc.ok, err == nil)
		})
	}
}

func TestBudgetMessage(t *testing.T) {
	_, err := memtest.Budget{Peak: "48MiB", Settled: "42MiB", NoOOM: true}.Check(record())
	assert.EqualError(t, err, `memory budget exceeded for "orders"
    ✗ peak working set     ≤ 48.0 MiB   got 50.0 MiB (+2.0, 104%) at 01:09
    ✓ after cool-down      ≤ 42.0 MiB   got 40.0 MiB
    ✓ no OOM kill          0            got 0
    source cgroup v2 files, 10 Hz, 730 samples; container limit 64.0 MiB
    report /tmp/TestOrders.html`)
}

func TestBudgetThatCannotBeJudged(t *testing.T) {
	for name, tc := range map[string]struct {
		budget memtest.Budget
		want   string
	}{
		"asserts nothing": {memtest.Budget{}, `budget for "orders" asserts nothing: set a field, such as Peak: "64MiB"`},
		"bad size":        {memtest.Budget{Average: "many"}, `budget for "orders": Average: size "many" is not understood`},
		"negative growth": {memtest.Budget{GrowthPerRequest: -1}, "growth of -1"},
	} {
		t.Run(name, func(t *testing.T) {
			checks, err := tc.budget.Check(record())
			assert.ErrorContains(t, err, tc.want)
			assert.Empty(t, checks)
		})
	}
	r := record()
	r.Notes = []report.Finding{{Kind: report.Exited, Fatal: true, Summary: `"orders" exited with code 2`}}
	_, err := memtest.Budget{Peak: "1GiB"}.Check(r)
	assert.ErrorContains(t, err, "cut short", "a run that ended early proves nothing")
}

// TestTheRecordEndsAsTheTestDoes: whatever a judge fails for, the page of the run does not say
// that it passed, and a test that passes has no page that says otherwise.
func TestTheRecordEndsAsTheTestDoes(t *testing.T) {
	slower := trials("b", 5, 40)
	for _, r := range slower {
		r.Load.Rate = 100
	}
	failing := trials("b", 5, 40)
	failing[0].Load.Success = 0.5
	allowed := trials("b", 4, 40)
	for _, r := range allowed {
		r.AllowInconclusive = true
	}
	worse := func(before, after []*report.Record, tol memtest.Tolerance) func(*fakeTest) (bool, *report.Record) {
		return func(f *fakeTest) (bool, *report.Record) {
			return memtest.NotWorse(f, before, after, tol), after[len(after)-1]
		}
	}
	within := func(b memtest.Budget) func(*fakeTest) (bool, *report.Record) {
		return func(f *fakeTest) (bool, *report.Record) {
			r := trial("a", 40)
			return memtest.Within(f, r, b), r
		}
	}
	drifted := func(now []*report.Record, b memtest.Baseline) func(*fakeTest) (bool, *report.Record) {
		return func(f *fakeTest) (bool, *report.Record) { return memtest.NoDrift(f, now, b), now[len(now)-1] }
	}
	t.Chdir(t.TempDir())
	t.Setenv("CI", "")
	recorded(t, trials("orders", 5, 40))
	few := trials("orders", 1, 40)
	few[0].AllowInconclusive = true
	for name, tc := range map[string]struct {
		judge func(*fakeTest) (bool, *report.Record)
		want  report.Outcome
	}{
		"the same":                    {worse(trials("a", 5, 40), trials("b", 5, 40), memtest.Tolerance{}), report.Passed},
		"another rate":                {worse(trials("a", 5, 40), slower, memtest.Tolerance{}), report.Inconclusive},
		"requests that failed":        {worse(trials("a", 5, 40), failing, memtest.Tolerance{}), report.Inconclusive},
		"nothing before":              {worse(nil, trials("b", 5, 40), memtest.Tolerance{}), report.Inconclusive},
		"a tolerance that is no size": {worse(trials("a", 5, 40), trials("b", 5, 40), memtest.Tolerance{Absolute: "much"}), report.Inconclusive},
		"too few, which is allowed":   {worse(trials("a", 4, 40), allowed, memtest.Tolerance{}), report.Passed},
		"a budget that is kept":       {within(memtest.Budget{Peak: "64MiB"}), report.Passed},
		"a budget of nothing":         {within(memtest.Budget{}), report.Inconclusive},
		"a budget not measured":       {within(memtest.Budget{Headroom: "1MiB"}), report.Inconclusive},
		"no drift":                    {drifted(trials("orders", 5, 40), orders), report.Passed},
		"no baseline":                 {drifted(trials("orders", 5, 40), memtest.Baseline{File: "testdata/none"}), report.Inconclusive},
		"one trial, which is allowed": {drifted(few, orders), report.Passed},
	} {
		f := &fakeTest{}
		passed, r := tc.judge(f)
		assert.Equal(t, tc.want, r.Outcome(), name)
		assert.Equal(t, tc.want == report.Passed, passed, "%s: %v", name, f.errors)
	}
}
