package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/perf/benchmath"
)

func TestShift(t *testing.T) {
	c := Shift([]float64{10, 11, 12, 13, 14}, []float64{20, 21, 22, 23, 24})
	assert.Equal(t, 10.0, c.Value)
	assert.True(t, isClear(c))
	assert.Equal(t, [2]float64{7, 13}, [2]float64{c.Lo, c.Hi}, "as R's wilcox.test(b, a, conf.int = TRUE, exact = TRUE) has it: the third lowest and highest of 25")
	assert.False(t, Shift([]float64{1, 2, 3}, []float64{7, 8, 9}).Known, "three runs each cannot exclude chance at 95%")
	assert.False(t, isClear(Shift([]float64{1, 2, 3, 4, 5}, []float64{2, 3, 4, 5, 1})))
}

// TestRankSumCut compares with the published table of critical values of U, two-sided
// at 5 %: it is one more than the largest U that is significant.
func TestRankSumCut(t *testing.T) {
	for _, c := range [][3]int{{3, 3, 0}, {4, 4, 1}, {4, 5, 2}, {5, 5, 3}, {6, 6, 6}, {7, 8, 11}, {10, 10, 24}, {20, 20, 128}} {
		assert.Equal(t, c[2], rankSumCut(c[0], c[1]), "%v", c)
		assert.Equal(t, c[2], rankSumCut(c[1], c[0]), "%v", c)
	}
	assert.InDelta(t, 207-70, rankSumCut(21, 20), 3, "the normal approximation goes on where the exact count ends")
}

func isClear(i Interval) bool { return i.Known && (i.Lo > 0 || i.Hi < 0) }

// TestCompareIsBenchstats holds p and the medians' intervals to x/perf's own, and two of
// them to R's (wilcox.test(a, b, exact = TRUE)).
func TestCompareIsBenchstats(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		a, b := draw(random, 1+random.IntN(60)), draw(random, 1+random.IntN(60))
		x := benchmath.NewSample(slices.Clone(a), &benchmath.DefaultThresholds)
		y := benchmath.NewSample(slices.Clone(b), &benchmath.DefaultThresholds)
		first := a[0]
		c := Compare(a, b)
		assert.Equal(t, first, a[0], "the caller's slice is not sorted")
		want := benchmath.AssumeNothing.Compare(x, y)
		assert.InDelta(t, want.P, c.P, 1e-9)
		assert.Equal(t, [2]int{len(a), len(b)}, [2]int{c.N1, c.N2})
		for i, side := range []*benchmath.Sample{x, y} {
			want, got := benchmath.AssumeNothing.Summary(side, 0.95), []Interval{c.Before, c.After}[i]
			assert.InDelta(t, want.Center, got.Value, 1e-9)
			assert.Equal(t, len(side.Values) >= 6, got.Known, "n = %d", len(side.Values))
			if got.Known {
				assert.InDelta(t, want.Lo, got.Lo, 1e-9)
				assert.InDelta(t, want.Hi, got.Hi, 1e-9)
			}
		}
	}
	assert.InDelta(t, 0.015873015873, Compare([]float64{1.1, 2.2, 3.3, 4.4, 5.5}, []float64{5, 6, 7, 8, 9}).P, 1e-9)
	assert.InDelta(t, 0.007936507937, Compare([]float64{1, 2, 3, 4, 5}, []float64{6, 7, 8, 9, 10}).P, 1e-9)
	equal := Compare([]float64{4, 4, 4}, []float64{4, 4, 4})
	assert.Equal(t, 1.0, equal.P, "what does not differ is no difference")
	assert.NotEmpty(t, equal.Warnings)
}

// draw is n values, some of them equal.
func draw(random *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = 40 + random.NormFloat64()
		if random.IntN(5) == 0 {
			v[i] = float64(int(v[i]))
		}
	}
	return v
}

func TestLeastP(t *testing.T) {
	for n := 1; n <= 9; n++ {
		a, b := make([]float64, n), make([]float64, n+2)
		for i := range b {
			b[i] = float64(100 + i)
		}
		for i := range a {
			a[i] = float64(i)
		}
		assert.InDelta(t, Compare(a, b).P, LeastP(n, n+2), 1e-12)
	}
	assert.InDelta(t, 1/126.0, LeastP(5, 5), 1e-12)
	assert.Equal(t, 1.0, LeastP(1, 1))
}

// TestHolm is R's p.adjust(p, "holm").
func TestHolm(t *testing.T) {
	assert.InDeltaSlice(t, []float64{0.03, 0.06, 0.06, 0.02}, Holm([]float64{0.01, 0.04, 0.03, 0.005}), 1e-12)
	assert.InDeltaSlice(t, []float64{1, 1}, Holm([]float64{0.9, 0.6}), 1e-12)
	assert.Empty(t, Holm(nil))
}

func TestSpread(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{5, 10, 40} {
		sum := 0.0
		for range 4000 {
			a, b := make([]float64, n), make([]float64, n)
			for i := range a {
				a[i], b[i] = 7*random.NormFloat64(), 900+7*random.NormFloat64()
			}
			sum += Spread(a, b) / 4000
		}
		assert.InEpsilon(t, 7, sum, 0.12, "n = %d", n)
	}
	assert.InDelta(t, Spread([]float64{1, 2, 3, 4, 5}, []float64{1, 2, 3, 4, 5}), Spread([]float64{1, 2, 3, 4, 5}, []float64{1, 2, 3, 4, 500}), 1, "an outlier hardly moves it")
	assert.Equal(t, 0.0, Spread([]float64{1}, []float64{9}))
	assert.Equal(t, 0.0, Spread([]float64{2, 2, 2}, []float64{9, 9, 9}))
}

// TestNoiseFloor: Student's quantiles have closed forms for one and two degrees of freedom.
func TestNoiseFloor(t *testing.T) {
	const p = 1 - 1.0/500
	assert.InDelta(t, math.Tan(math.Pi*(p-0.5))*math.Sqrt(1.5), NoiseFloor(1, 1, 2), 1e-6)
	assert.InDelta(t, 7*(2*p-1)/math.Sqrt(2*p*(1-p)), NoiseFloor(7, 2, 2), 1e-6)
	assert.Less(t, NoiseFloor(1, 10, 10), NoiseFloor(1, 5, 5))
	assert.Equal(t, math.Inf(1), NoiseFloor(1, 1, 1))
	assert.Equal(t, 0.0, NoiseFloor(0, 5, 5))
}
