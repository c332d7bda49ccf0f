package memtest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/faketarget"
	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/report"
)

// traced wraps a plan as a user who logs in or traces does.
type traced struct{ load.Driver }

// wraps are the ways in which a user wraps a plan.
var wraps = map[string]func(load.Driver) load.Driver{
	"embedded": func(d load.Driver) load.Driver { return traced{d} },
	"twice":    func(d load.Driver) load.Driver { return traced{traced{d}} },
	"function": func(d load.Driver) load.Driver {
		s, _ := d.Schedule() // of a valid plan
		return load.Func(s, d.Drive)
	},
}

func bare(d load.Driver) load.Driver { return d }

// driven is the record of a run of that plan, wrapped.
func driven(t *testing.T, target *faketarget.Target, p load.Plan, wrap func(load.Driver) load.Driver) (r *report.Record) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := scenario(target)
		p.Dial = target.Dial
		s.Load = wrap(p)
		var err error
		r, err = memtest.Measure(t.Context(), s)
		require.NoError(t, err)
	})
	return r
}

// TestAWrappedPlanLosesNothing: a run of it lost half of its heap profiles, the interval of
// the guilty site and the extension of the load, without a word.
func TestAWrappedPlanLosesNothing(t *testing.T) {
	t.Parallel()
	const noise = 10 // bytes per request: the bare plan's own interval differs by 2 from run to run; both ends are 0 where there is none
	p := load.Plan{Requests: load.Get("/"), Rate: 100, Duration: 20 * time.Second}
	of := func(wrap func(load.Driver) load.Driver) *report.Record {
		return driven(t, &faketarget.Target{Retains: 1000}, p, wrap)
	}
	want := of(bare)
	require.NotEmpty(t, want.Sites)
	require.NotZero(t, want.Sites[0].Lo, "the guilty site has an interval")
	for name, wrap := range wraps {
		got := of(wrap)
		assert.Len(t, got.HeapProfiles, len(want.HeapProfiles), name)
		require.NotEmpty(t, got.Sites, name)
		assert.InDelta(t, want.Sites[0].Lo, got.Sites[0].Lo, noise, name)
		assert.InDelta(t, want.Sites[0].Hi, got.Sites[0].Hi, noise, name)
		assert.Equal(t, want.Trend.Verdict, got.Trend.Verdict, name)
		assert.Equal(t, want.Notes, got.Notes, name)
	}
}

func TestAWrappedPlanGoesOnWhereTheEvidenceDoesNotDecide(t *testing.T) {
	numbers := func(wrap func(load.Driver) load.Driver) (r *report.Record, seen []uint64) {
		p := load.Plan{Rate: 100, Duration: 8 * time.Second, Each: func(i uint64) load.Request {
			seen = append(seen, i)
			return load.Request{Path: "/"}
		}}
		return driven(t, &faketarget.Target{}, p, wrap), seen
	}
	want, _ := numbers(bare)
	require.Len(t, want.Notes, 1)
	require.Equal(t, report.Extended, want.Notes[0].Kind)
	for name, wrap := range wraps {
		got, seen := numbers(wrap)
		assert.Equal(t, want.Notes, got.Notes, name)
		assert.Equal(t, want.Load.Requests, got.Load.Requests, name)
		for i, n := range seen {
			require.Equal(t, uint64(i), n, "%s: numbered from the warm-up to the end", name)
		}
	}
}

func TestAWrappedPlanIsHeldToTheDeadline(t *testing.T) {
	refused := func(p load.Plan, wrap func(load.Driver) load.Driver) []string {
		f := &fakeTest{}
		run(t, f, func(tb memtest.TB) {
			target := &faketarget.Target{}
			f.deadline = time.Now().Add(40 * time.Second)
			s := scenario(target)
			p.Dial = target.Dial
			s.Load = wrap(p)
			memtest.Run(tb, s)
		})
		return f.errors
	}
	long := load.Plan{Requests: load.Get("/"), Rate: 100, Duration: time.Minute}
	want := refused(long, bare)
	require.Len(t, want, 1)
	require.Contains(t, want[0], "the test's deadline is in 40s, the run takes 1m12s")
	for name, wrap := range wraps {
		assert.Equal(t, want, refused(long, wrap), name)
	}
	invalid := load.Plan{Rate: 100, Duration: time.Second}
	assert.Equal(t, refused(invalid, bare), refused(invalid, wraps["embedded"]))
}

func TestALoadThatDoesNotSayItsScheduleIsAWarning(t *testing.T) {
	p := load.Plan{Requests: load.Get("/"), Rate: 100, Duration: 20 * time.Second}
	profiles := len(driven(t, &faketarget.Target{Retains: 1000}, p, bare).HeapProfiles)
	for name, tc := range map[string]struct {
		schedule load.Schedule
		loses    bool // heap profiles
		want     string
	}{
		"nothing":  {load.Schedule{}, true, "^the load does not say its rate and duration: no heap profiles .*deadline was not compared with it: return them from its Schedule, or give them to load.Func$"},
		"rate":     {load.Schedule{Rate: 100}, true, "^the load does not say its duration: no heap profiles .*: return it from its Schedule, or give it to load.Func$"},
		"duration": {load.Schedule{Duration: 20 * time.Second}, false, "^the load does not say its rate: whether all of it was sent is not looked at .*: return it from"},
	} {
		r := driven(t, &faketarget.Target{Retains: 1000}, p, func(d load.Driver) load.Driver {
			return load.Func(tc.schedule, d.Drive)
		})
		assert.Equal(t, tc.loses, len(r.HeapProfiles) < profiles, name)
		require.NotEmpty(t, r.Notes, name)
		assert.Equal(t, report.Warning, r.Notes[0].Kind, name)
		assert.Regexp(t, tc.want, r.Notes[0].Text(), name)
	}
}

func TestHeadlineOfANameWithBrackets(t *testing.T) {
	for _, name := range []string{"shop (v2)", "GOGC=50; cgo"} {
		r := &report.Record{Name: name, Notes: []report.Finding{{
			Kind: report.OOMKilled, Fatal: true, Summary: `"` + name + `" was OOM-killed at 00:53`, Detail: " (exit code 137)", Remedy: "raise its limit",
		}}}
		said := `"` + name + `" was OOM-killed at 00:53; the run's failure and its report say more`
		assert.ErrorContains(t, memtest.CheckLeak(r), said)
		_, err := memtest.Budget{NoOOM: true}.Check(r)
		assert.ErrorContains(t, err, said)
	}
}
