package leak

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// decided are the recordings that the reference leaves undecided and the detector
// calls steady: it looks at more tails of the window, at loads that are remembered for
// other times, and at the working set where few collections are seen. Off-heap memory
// that is not known does not keep it from a verdict either.
var decided = map[string]bool{
	"objects/h_fastcache_a.csv":         true,
	"objects/h_ttl_c.csv":               true,
	"real/h_g25_headroom.csv":           true,
	"real/h_headroom_64m_slow.csv":      true,
	"real/h_step_75.csv":                true,
	"synthetic/h_go_cache-80_60s_0.csv": true,
	"synthetic/h_go_headroom_20s_1.csv": true,
	"synthetic/h_go_log_180s_3.csv":     true,
	"synthetic/h_go_log_60s_0.csv":      true,
	"synthetic/h_go_step_180s_4.csv":    true,
	"synthetic/h_go_step_60s_4.csv":     true,
	"synthetic/h_go_ttl_180s_5.csv":     true,
	"synthetic/h_go_ttl_20s_3.csv":      true,
	"synthetic/h_go_ttl_60s_5.csv":      true,
	"synthetic/h_raw_ar-slow_20s_0.csv": true,
}

// followed are the recordings where it takes a load out of the heap that is remembered
// for a time which the reference does not try: their slopes differ.
var followed = map[string]bool{
	"synthetic/h_go_ttl_180s_1.csv": true,
	"synthetic/h_go_ttl_180s_4.csv": true,
	"synthetic/h_go_ttl_20s_1.csv":  true,
	"synthetic/h_go_ttl_20s_3.csv":  true,
	"synthetic/h_go_ttl_20s_4.csv":  true,
	"synthetic/h_go_ttl_60s_1.csv":  true,
	"synthetic/h_go_ttl_60s_4.csv":  true,
	"synthetic/h_go_ttl_60s_5.csv":  true,
}

// TestAgreesWithReference holds the detector to an independent implementation of the
// rule that it began with, on every recording.
func TestAgreesWithReference(t *testing.T) {
	runs := judgements(t)
	want := reference(t)
	require.Len(t, want, len(runs))
	for _, j := range runs {
		run, got, want := j.labelled, j.Trend, want[j.String()]
		if decided[run.String()] {
			require.Equal(t, Inconclusive, want.Verdict, "%v: the reference decides it", run)
			require.NotEqual(t, "leak", run.label, "%v: it leaks", run)
			want.Verdict = Steady
		}
		assert.Equal(t, want.Verdict, got.Verdict, "%v: %s", run, got.Reason)
		sameFigure(t, run, "objects", want.PerObject, got.Objects.Value)
		if followed[run.String()] || got.Signal == WorkingSet && want.Slope == nil {
			continue
		}
		sameFigure(t, run, "slope", want.Slope, got.PerRequest.Value)
		if got.PerRequest.Interval() {
			drift := 0.0 // which the reference leaves out of its interval
			if got.Signal != OffHeap {
				requests, _ := run.evidence.completed()
				drift = heapDrift / requests
			}
			sameFigure(t, run, "lower end", want.Lo, got.PerRequest.Lo+drift)
			sameFigure(t, run, "upper end", want.Hi, got.PerRequest.Hi-drift)
		}
	}
}

func sameFigure(t *testing.T, run labelled, what string, want *float64, got float64) {
	t.Helper()
	if want == nil {
		assert.Zero(t, got, "%v: %s", run, what)
		return
	}
	assert.InDelta(t, *want, got, 1e-6*math.Max(1e-3, math.Abs(*want)), "%v: %s", run, what)
}
