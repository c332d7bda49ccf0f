package profile

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// decided are the recordings that the reference leaves undecided and the detector
// does not, with the reason why.
var decided = map[string]Verdict{
	"synthetic/h_go_headroom_20s_1.csv": Steady, // off-heap memory is not known; the reference asks for polls to know it from
}

// TestAgreesWithReference holds the detector to an independent implementation of the
// same rule, on every recording.
func TestAgreesWithReference(t *testing.T) {
	runs, err := recordings()
	require.NoError(t, err)
	want := reference(t)
	require.Len(t, want, len(runs))
	for _, run := range runs {
		got, want := Detect(run.evidence), want[run.String()]
		if v, ok := decided[run.String()]; ok {
			require.Equal(t, Inconclusive, want.Verdict, "%v: the reference decides it", run)
			want.Verdict = v
		}
		assert.Equal(t, want.Verdict, got.Verdict, "%v: %s", run, got.Reason)
		sameFigure(t, run, "slope", want.Slope, got.PerRequest.Value)
		sameFigure(t, run, "objects", want.PerObject, got.Objects.Value)
		if got.PerRequest.Interval() {
			sameFigure(t, run, "lower end", want.Lo, got.PerRequest.Lo)
			sameFigure(t, run, "upper end", want.Hi, got.PerRequest.Hi)
		}
		if got.Verdict == Steady {
			sameFigure(t, run, "bound", want.Bound, got.Channels[0].Bound)
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
