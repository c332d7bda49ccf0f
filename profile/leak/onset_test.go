package leak

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/profile"
)

func TestOnsetOfALateLeak(t *testing.T) {
	late := func(n uint64, s *profile.Sample, f *profile.LiveHeap) {
		if n > 8000 { // of 12,000, at 40 s
			grown := 1000 * (n - 8000)
			f.HeapAlloc, f.HeapObjects, f.Sys, s.Anon = f.HeapAlloc+grown, f.HeapObjects+n-8000, f.Sys+grown, s.Anon+grown
		}
	}
	trend := Detect(healthy(late))
	require.NotEqual(t, Steady, trend.Verdict)
	require.Positive(t, trend.Onset.PerRequest.Points, "%+v", trend)
	assert.InDelta(t, 40, trend.Onset.At.Seconds(), 2)
	assert.InDelta(t, 1000, trend.Onset.PerRequest.Value, 30)
	assert.Regexp(t, `^from 00:(39|40|41) on it grows by (9\d\d|10\d\d)\S* B with each request$`, trend.Onset.String())

	throughout := func(n uint64, s *profile.Sample, f *profile.LiveHeap) {
		f.HeapAlloc, f.HeapObjects, f.Sys, s.Anon = f.HeapAlloc+1000*n, f.HeapObjects+n, f.Sys+1000*n, s.Anon+1000*n
	}
	trend = Detect(healthy(throughout))
	require.Equal(t, Leaking, trend.Verdict)
	assert.Zero(t, trend.Onset, "it leaks from the start")
	assert.Zero(t, Detect(healthy(func(uint64, *profile.Sample, *profile.LiveHeap) {})).Onset)
}

// TestOnsetAccuracy: of leaks that set in at 0.4 of a simulated run, how many onsets are
// found and how well; and of what leaks throughout, or does not leak, how many seem to
// have one.
func TestOnsetAccuracy(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 7))
	run := func(kind string, leak float64) Trend {
		return Detect(simulation{rng: rng, seconds: 300, rate: 200, load: "const", kind: kind, leak: leak}.run())
	}
	const runs = 60
	found, near, held := 0, 0, 0
	for range runs {
		const leak = 200.0 // 7 MiB in all
		o := run("late", leak).Onset
		if !o.Found() {
			continue
		}
		found++
		if math.Abs(o.At.Seconds()-120) <= 20 {
			near++
		}
		if o.PerRequest.Lo <= leak && leak <= o.PerRequest.Hi {
			held++
		}
	}
	seem := 0
	kinds := []string{"", "fill", "warm-up", "step", "ttl", "swing", "log"}
	for _, kind := range kinds {
		for range runs {
			for _, leak := range []float64{0, 200} {
				if run(kind, leak).Onset.Found() {
					seem++
				}
			}
		}
	}
	t.Logf("late leaks: %d of %d found, %d within 20 s, %d intervals hold the truth; %d of %d others seem late", found, runs, near, held, seem, 2*runs*len(kinds))
	assert.GreaterOrEqual(t, found, 57)
	assert.GreaterOrEqual(t, near, found-3)
	assert.GreaterOrEqual(t, held, found*9/10)
	assert.LessOrEqual(t, seem, 4)

	for _, j := range judgements(t) {
		if o := j.Onset; o.Found() {
			t.Logf("%v %v: from %v on %.0f B (truth %.0f), in all %.0f", j.labelled, j.Verdict, o.At, o.PerRequest.Value, j.truth(), j.PerRequest.Value)
			assert.Contains(t, j.kind, "late", "%v", j.labelled)
			assert.InEpsilon(t, j.truth(), o.PerRequest.Value, 0.1)
		}
	}
}
