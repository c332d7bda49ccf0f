package baseline_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/baseline"
	"github.com/memgate/memgate/report"
)

func TestDrift(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }
	step := func(n int, from, to float64, why baseline.Why) baseline.Change {
		return baseline.Change{When: day(n), Metric: "peak-B", From: from * (1 << 20), To: to * (1 << 20), Why: why}
	}
	other := baseline.Change{When: day(9), Metric: "avg-B", From: 1, To: 2, Why: baseline.Accepted}
	for name, tc := range map[string]struct {
		history []baseline.Change
		want    string // empty: no step
	}{
		"no history":       {nil, ""},
		"of another":       {[]baseline.Change{other}, ""},
		"up once":          {[]baseline.Change{step(1, 29, 31, baseline.Accepted)}, "+6.9% in 1 accepted change since 2026-11-01 (29.000 MiB -> 31.000 MiB)"},
		"down, then up":    {[]baseline.Change{step(1, 40, 25, baseline.Tightened), other, step(2, 25, 28, baseline.Accepted), step(3, 28, 31, baseline.Accepted)}, "+24.0% in 2 accepted changes since 2026-11-01 (25.000 MiB -> 31.000 MiB)"},
		"up, down in part": {[]baseline.Change{step(1, 25, 40, baseline.Accepted), step(2, 40, 31, baseline.Tightened)}, "+24.0% in 1 accepted change since 2026-11-01 (25.000 MiB -> 31.000 MiB)"},
		"up and all down":  {[]baseline.Change{step(1, 35, 40, baseline.Accepted), step(2, 40, 31, baseline.Tightened)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := file(t)
			f.History = tc.history
			d := f.Drift("peak-B")
			if tc.want == "" {
				assert.Zero(t, d.Steps)
				return
			}
			assert.Equal(t, tc.want, d.String())
		})
	}
	assert.Zero(t, file(t).Drift("nothing").Steps)
}

func TestGrowthDriftsInBytes(t *testing.T) {
	f := file(t)
	f.History = []baseline.Change{{When: time.Unix(0, 0), Metric: "growth-B/req", From: -3, To: 2, Why: baseline.Accepted}}
	assert.Equal(t, "+2.750 B/request in 1 accepted change since 1970-01-01 (-3.000 B/request -> -0.250 B/request)", f.Drift("growth-B/req").String())
}

// TestTightenWithFewerOrMoreTrials: the lines of a file are as many as its longest figure has.
func TestTightenWithFewerOrMoreTrials(t *testing.T) {
	var seven []*report.Record
	for range 7 {
		seven = append(seven, trial(20))
	}
	for _, n := range []int{5, 7} {
		now, err := baseline.Of(seven[:n])
		require.NoError(t, err)
		f := file(t).Tighten(now, []report.Metric{"peak-B"})
		assert.Len(t, f.Requests, n)
		assert.Len(t, f.Figure("peak-B").Values, n)
		assert.Len(t, f.Figure("avg-B").Values, 5)
		got, err := baseline.Parse("orders", f.Bytes())
		require.NoError(t, err)
		assert.Equal(t, f.Values(), got.Values())

		everything := f.Tighten(now, report.Metrics())
		_, err = baseline.Parse("orders", everything.Bytes())
		require.NoError(t, err)
		assert.Equal(t, 20.0*(1<<20), everything.Figure("avg-B").Median())
		assert.Equal(t, 31.0*(1<<20), file(t).Figure("avg-B").Median())
	}
}
