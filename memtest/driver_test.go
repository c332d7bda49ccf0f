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

// TestAWrappedPlanLosesNothing: a run of it lost half of its heap profiles, the interval of
// the guilty site and the extension of the load, without a word.
func TestAWrappedPlanLosesNothing(t *testing.T) {
	t.Parallel()
	run := func(wrap func(load.Driver) load.Driver) (r *report.Record) {
		synctest.Test(t, func(t *testing.T) {
			target := &faketarget.Target{Retains: 1000}
			s := scenario(target)
			s.Load = wrap(load.Plan{Requests: load.Get("/"), Rate: 100, Duration: 20 * time.Second, Dial: target.Dial})
			var err error
			r, err = memtest.Measure(t.Context(), s)
			require.NoError(t, err)
		})
		return r
	}
	bare := run(func(d load.Driver) load.Driver { return d })
	for name, wrap := range map[string]func(load.Driver) load.Driver{
		"embedded": func(d load.Driver) load.Driver { return traced{d} },
		"function": func(d load.Driver) load.Driver {
			s, err := d.Schedule()
			require.NoError(t, err)
			return load.Func(s, d.Drive)
		},
	} {
		wrapped := run(wrap)
		assert.Len(t, wrapped.HeapProfiles, len(bare.HeapProfiles), name)
		require.NotEmpty(t, wrapped.Sites, name)
		assert.Less(t, wrapped.Sites[0].Lo, wrapped.Sites[0].Hi, "%s: the guilty site has an interval", name)
		assert.Equal(t, len(bare.Notes), len(wrapped.Notes), name)
	}

	blind := run(func(d load.Driver) load.Driver { return load.Func(load.Schedule{}, d.Drive) })
	assert.Less(t, len(blind.HeapProfiles), len(bare.HeapProfiles))
	require.NotEmpty(t, blind.Notes)
	assert.Equal(t, report.Warning, blind.Notes[0].Kind)
	assert.Regexp(t, "^the load does not say its rate and duration: no heap profiles .*: return them from its Schedule, or give them to load.Func$", blind.Notes[0].Text())
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
