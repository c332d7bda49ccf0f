package memtest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/faketarget"
	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// scenario is a minute of load on a target in memory.
func scenario(target *faketarget.Target) memtest.Scenario {
	return memtest.Scenario{
		Name:   "fake",
		Target: target,
		Load:   load.Plan{Requests: load.Get("/"), Rate: 100, Duration: time.Minute, Dial: target.Dial},
	}
}

// measured is the record of a run in virtual time that must not fail.
func measured(t *testing.T, target *faketarget.Target) (r *report.Record) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var err error
		r, err = memtest.Measure(t.Context(), scenario(target))
		require.NoError(t, err)
	})
	require.True(t, target.Stopped(), "the target is stopped")
	return r
}

func TestMeasureFindsTheLeak(t *testing.T) {
	t.Parallel()
	r := measured(t, &faketarget.Target{Retains: 1000})

	assert.Equal(t, leak.Leaking, r.Trend.Verdict, r.Trend.Reason)
	assert.InDelta(t, 1000, r.Trend.PerRequest.Value, 20)
	require.NotEmpty(t, r.Sites)
	assert.Equal(t, "main.leak", r.Sites[0].Func)
	assert.InDelta(t, 1000, r.Sites[0].PerRequest, 20)
	assert.Empty(t, r.Notes)
}

// What grows in rare steps cannot be told from a cache by its profiles; the verdict, by
// the live heap, can, and then the likeliest place is named, as a guess.
func TestMeasureNamesTheLikeliestPlaceOfALeak(t *testing.T) {
	t.Parallel()
	r := measured(t, &faketarget.Target{Retains: 1000, InSteps: 3 << 20})
	assert.Equal(t, leak.Leaking, r.Trend.Verdict, r.Trend.Reason)
	require.NotEmpty(t, r.Sites)
	assert.Equal(t, "main.leak", r.Sites[0].Func)
	assert.True(t, r.Sites[0].Uncertain)
	assert.ErrorContains(t, memtest.CheckLeak(r), "where  perhaps ≈ +")
}

func TestMeasureOfKnownGrowth(t *testing.T) {
	t.Parallel()
	until := time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC) // virtual time starts on the day before
	for name, tc := range map[string]struct {
		known   report.Known
		verdict leak.Verdict
		says    string
	}{
		"as much as is named": {report.Known{Func: `main\.leak`, PerRequest: 1100, Reason: "#7", Until: until}, leak.Steady, "main.leak grew by 1,000 B/request of 1,100 B that are tolerated"},
		"more than is named":  {report.Known{Func: `main\.leak`, PerRequest: 500, Reason: "#7", Until: until}, leak.Leaking, "of 500 B that are tolerated"},
		"expired":             {report.Known{Func: `main\.leak`, PerRequest: 1100, Reason: "#7", Until: until.AddDate(-1, 0, 0)}, leak.Leaking, "has expired"},
		"of something else":   {report.Known{Func: `main\.cache`, PerRequest: 1100, Reason: "#7", Until: until}, leak.Leaking, "fits nothing that grew"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := scenario(&faketarget.Target{Retains: 1000})
				s.Known = []report.Known{tc.known}
				r, err := memtest.Measure(t.Context(), s)
				require.NoError(t, err)
				assert.Equal(t, tc.verdict, r.Trend.Verdict, r.Trend.Reason)
				require.Len(t, r.Notes, 1)
				assert.Equal(t, report.KnownGrowth, r.Notes[0].Kind)
				assert.Contains(t, r.Notes[0].Text(), tc.says)
			})
		})
	}
	_, err := memtest.Measure(t.Context(), memtest.Scenario{Target: &faketarget.Target{}, Load: load.Plan{}, Known: []report.Known{{}}})
	require.ErrorContains(t, err, "scenario's known growth has no Func")
}

func TestMeasureSeesThatNothingGrows(t *testing.T) {
	t.Parallel()
	r := measured(t, &faketarget.Target{})
	assert.Equal(t, leak.Steady, r.Trend.Verdict, r.Trend.Reason)
	assert.Empty(t, r.Sites)
}

func TestMeasureWithoutRuntimeGoesByTheWorkingSet(t *testing.T) {
	t.Parallel()
	r := measured(t, &faketarget.Target{NoRuntime: true})
	assert.Equal(t, leak.WorkingSet, r.Trend.Signal)
	assert.Equal(t, leak.Steady, r.Trend.Verdict, r.Trend.Reason)
	assert.Empty(t, r.LiveHeaps)
}

// A target in another language: the verdict is the working set's, the names are those of
// its own heap profiles.
func TestMeasureOfAForeignTarget(t *testing.T) {
	t.Parallel()
	r := measured(t, &faketarget.Target{Foreign: true, Retains: 20_000})
	assert.Equal(t, leak.WorkingSet, r.Trend.Signal)
	assert.Empty(t, r.LiveHeaps)
	assert.Empty(t, r.GoroutineProfiles)
	require.Len(t, r.HeapProfiles, 6)
	assert.True(t, r.HeapProfiles[0].Garbage)
	require.NotEmpty(t, r.Sites)
	assert.Equal(t, "main.leak", r.Sites[0].Func)
	assert.False(t, measured(t, &faketarget.Target{}).HeapProfiles[0].Garbage)

	r = measured(t, &faketarget.Target{Foreign: true, HeapErr: errors.New("GET /heap: 404")})
	require.Len(t, r.Notes, 1)
	assert.Equal(t, "the run goes on without heap profiles: GET /heap: 404", r.Notes[0].Text())

	_, err := memtest.Image{Ref: "shop", Port: 80, Pprof: "/debug/pprof", HeapURL: "/heap"}.Start(t.Context())
	require.ErrorContains(t, err, "target has both Pprof and HeapURL")
}

func TestMeasureRecordsTheWholeRun(t *testing.T) {
	t.Parallel()
	r := measured(t, &faketarget.Target{Retains: 10, Limit: 64 << 20})

	var phases []string
	for i, p := range r.Phases {
		phases = append(phases, p.Name)
		if i > 0 {
			assert.Equal(t, r.Phases[i-1].To, p.From, "no gap before %s", p.Name)
		}
	}
	assert.Equal(t, []string{report.Warmup, report.Load, report.Cooldown, report.Final}, phases)
	loaded, _ := r.Phase(report.Load)
	assert.InDelta(t, time.Minute, loaded.To-loaded.From, float64(time.Second))

	assert.InDelta(t, 6000, r.Load.Requests, 2)
	assert.InDelta(t, 100, r.Load.Rate, 1)
	assert.Equal(t, 1.0, r.Load.Success)

	assert.InDelta(t, 720, len(r.Samples), 10, "72 s at 10 Hz")
	assert.InDelta(t, 10, r.Source.Achieved, 0.5)
	last := r.Samples[len(r.Samples)-1]
	assert.InDelta(t, 7000, last.Requests, 4, "the warm-up's requests count too")
	assert.GreaterOrEqual(t, len(r.LiveHeaps), 55, "one a second")
	assert.Len(t, r.HeapProfiles, 6, "before the load, three in it, after it, at the floor")
	assert.NotEmpty(t, r.Env.Kernel)
	assert.NotEmpty(t, r.Env.Go)
}

func TestMeasureStopsEarlyWhereEveryRequestFails(t *testing.T) {
	t.Parallel()
	r := measured(t, &faketarget.Target{Handler: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }})
	require.Len(t, r.Notes, 1)
	assert.Equal(t, report.LoadFailed, r.Notes[0].Kind)
	assert.Contains(t, r.Notes[0].Text(), "requests failed (404")
	assert.Len(t, r.Phases, 1, "the warm-up was enough to see it")
	assert.Error(t, memtest.CheckLeak(r))
}

func TestMeasureStopsEarlyWhereNothingIsAnswered(t *testing.T) {
	t.Parallel()
	r := measured(t, &faketarget.Target{Handler: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }})
	require.Len(t, r.Notes, 1)
	assert.Equal(t, report.LoadFailed, r.Notes[0].Kind)
	assert.Regexp(t, "none of .* requests got an answer|requests failed", r.Notes[0].Text())
}

func TestMeasureInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(30*time.Second, func() { cancel(errors.New("enough")) })
		target := &faketarget.Target{}
		r, err := memtest.Measure(ctx, scenario(target))
		require.EqualError(t, err, "run interrupted in its load phase: enough")
		assert.True(t, target.Stopped())
		require.NotNil(t, r, "what was measured by then")
		assert.NotEmpty(t, r.Samples)
		assert.NotEqual(t, leak.Leaking, r.Trend.Verdict)
	})
}

func TestMeasureSaysThatTheTargetCouldNotBeStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, err := memtest.Measure(t.Context(), scenario(&faketarget.Target{StopErr: errors.New("engine is gone")}))
		require.EqualError(t, err, "stop target: engine is gone")
		assert.NotNil(t, r)
	})
}

func TestMeasureGoesOnWithoutProfiles(t *testing.T) {
	t.Parallel()
	r := measured(t, &faketarget.Target{HeapErr: errors.New("GET /debug/pprof/heap: 404")})
	require.Len(t, r.Notes, 1)
	assert.Equal(t, report.Warning, r.Notes[0].Kind)
	assert.Equal(t, "the run goes on without heap profiles: GET /debug/pprof/heap: 404", r.Notes[0].Text())
	assert.Equal(t, leak.WorkingSet, r.Trend.Signal)
	assert.NoError(t, memtest.CheckLeak(r), "a warning is no failure")
}

// One look that fails under load does not cost the evidence, and is said once.
func TestMeasureLooksAgain(t *testing.T) {
	t.Parallel()
	busy := errors.New("GET /debug/pprof/heap: no whole answer within 10s")
	between := func(from, to int) func(int) bool {
		return func(look int) bool { return look >= from && look <= to }
	}
	for name, tc := range map[string]struct {
		misses        func(look int) bool
		floors, heaps int
		note          string
	}{
		"one collection":     {between(10, 10), 62, 6, `^1 of \d\d forced collections failed, the first at \d+s: GET`},
		"two in a row":       {between(10, 11), 61, 6, `^2 of \d\d forced collections failed, the first at \d+s: GET`},
		"one profile":        {between(3, 3), 63, 5, `^1 of 6 heap profiles failed, the first at 10s: GET`},
		"one in the load":    {between(19, 19), 63, 6, `^1 of 7 heap profiles failed, the first at 25s: GET`},
		"none from there on": {between(10, 1e9), 8, 1, `^\d of \d+ .* failed, .*after the last 3 in a row there were no more: GET`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := measured(t, &faketarget.Target{Retains: 1000, HeapErr: busy, Misses: tc.misses})
			require.NotEmpty(t, r.Notes)
			assert.Regexp(t, tc.note, r.Notes[0].Text())
			assert.InDelta(t, tc.floors, len(r.LiveHeaps), 2)
			assert.Len(t, r.HeapProfiles, tc.heaps)
			if name != "none from there on" {
				assert.Len(t, r.Notes, 1)
				assert.Equal(t, "main.leak", r.Sites[0].Func)
			}
		})
	}
}

func TestMeasureRefusesWhatCannotRun(t *testing.T) {
	target := &faketarget.Target{}
	for name, tc := range map[string]struct {
		change func(*memtest.Scenario)
		want   string
	}{
		"no target":   {func(s *memtest.Scenario) { s.Target = nil }, "scenario has no Target: set one"},
		"no load":     {func(s *memtest.Scenario) { s.Load = nil }, "scenario has no Load: set one"},
		"no duration": {func(s *memtest.Scenario) { s.Load = load.Plan{Requests: load.Get("/"), Rate: 1} }, "scenario's Load: "},
		"too fast":    {func(s *memtest.Scenario) { s.Every = time.Microsecond }, "sample at most every 1ms"},
	} {
		t.Run(name, func(t *testing.T) {
			s := scenario(target)
			tc.change(&s)
			r, err := memtest.Measure(t.Context(), s)
			assert.ErrorContains(t, err, tc.want)
			assert.Nil(t, r)
		})
	}
}

// short is a load that is too short for a verdict.
func short(target *faketarget.Target) memtest.Scenario {
	s := scenario(target)
	s.Load = load.Plan{Requests: load.Get("/"), Rate: 100, Duration: 8 * time.Second, Dial: target.Dial}
	return s
}

// A session, a user, a key that a load makes of a request's number is new throughout a run:
// else a target that keeps them looks full when the load begins.
func TestMeasureNumbersRequestsThroughout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		target, last, again := &faketarget.Target{}, uint64(0), false
		s := short(target)
		s.Load = load.Plan{Rate: 100, Duration: 8 * time.Second, Dial: target.Dial, Each: func(i uint64) load.Request {
			again = again || i < last
			last = i
			return load.Request{Path: "/"}
		}}
		r, err := memtest.Measure(t.Context(), s)
		require.NoError(t, err)
		require.Equal(t, report.Extended, r.Notes[0].Kind)
		assert.False(t, again)
	})
}

func TestMeasureGoesOnWhereTheEvidenceDoesNotDecide(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		max      time.Duration
		deadline time.Duration
		want     time.Duration // of load
	}{
		"by default":         {0, time.Hour, 16 * time.Second},
		"as far as allowed":  {12 * time.Second, time.Hour, 12 * time.Second},
		"not if told not to": {-1, time.Hour, 8 * time.Second},
		"not past deadline":  {0, 30 * time.Second, 8 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tc.deadline)
				defer cancel()
				s := short(&faketarget.Target{})
				s.MaxDuration = tc.max
				r, err := memtest.Measure(ctx, s)
				require.NoError(t, err)
				loaded, _ := r.Phase(report.Load)
				assert.InDelta(t, tc.want, loaded.To-loaded.From, float64(time.Second/2))
				assert.InDelta(t, 100*tc.want.Seconds(), r.Load.Requests, 5)
				if tc.want == 16*time.Second {
					assert.Equal(t, leak.Steady, r.Trend.Verdict, r.Trend.Reason)
				}
				if tc.want > 8*time.Second {
					require.NotEmpty(t, r.Notes)
					assert.Equal(t, report.Extended, r.Notes[0].Kind)
				} else {
					assert.Empty(t, r.Notes)
					assert.Equal(t, leak.Inconclusive, r.Trend.Verdict)
				}
			})
		})
	}
}

// What is known to grow counts too when it is asked whether the load should go on: without
// it the growth is a leak by then, and nobody asks for more.
func TestMeasureOfKnownGrowthGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		target := &faketarget.Target{Retains: 1000, Wavers: 200_000}
		s := scenario(target)
		s.Load = load.Plan{Requests: load.Get("/"), Rate: 100, Duration: 12 * time.Second, Dial: target.Dial}
		s.Known = []report.Known{{Func: `main\.leak`, PerRequest: 1300, Reason: "#7", Until: time.Now().AddDate(1, 0, 0)}}
		r, err := memtest.Measure(t.Context(), s)
		require.NoError(t, err)
		assert.Greater(t, r.Load.Requests, uint64(2300), "at least twice what was planned")
		assert.Equal(t, leak.Steady, r.Trend.Verdict, r.Trend.Reason)
	})
}
