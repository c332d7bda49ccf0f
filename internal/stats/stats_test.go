package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// series is n points of f at 0, 1, 2, …
func series(n int, f func(i float64) float64) (x, y []float64) {
	for i := range n {
		x, y = append(x, float64(i)), append(y, f(float64(i)))
	}
	return x, y
}

func TestMedianAndDecileAreThoseOfTheSorted(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := 1; n < 200; n++ {
		v := make([]float64, n)
		for i := range v {
			v[i] = float64(rng.IntN(n)) // with many equal values
		}
		sorted := slices.Sorted(slices.Values(v))
		want := sorted[n/2]
		if n%2 == 0 {
			want = (sorted[n/2-1] + sorted[n/2]) / 2
		}
		assert.Equal(t, want, Median(slices.Clone(v)))
		assert.Equal(t, sorted[(n-1)/10], LowestDecile(slices.Clone(v)))
		assert.Equal(t, sorted[0], Min(v))
	}
	for _, reduce := range []Reduce{Min, Mean, Median, LowestDecile} {
		assert.True(t, math.IsNaN(reduce(nil)))
	}
}

func TestBinsHoldEachValueOnce(t *testing.T) {
	for _, test := range []struct {
		n, count int
		want     []float64
	}{
		{0, 4, nil},
		{3, 0, nil},
		{3, 8, []float64{0, 1, 2}},
		{7, 3, []float64{1, 5, 15}}, // 0 1 | 2 3 | 4 5 6
	} {
		sum := func(v []float64) float64 { return Mean(v) * float64(len(v)) }
		assert.InDeltaSlice(t, test.want, Bins(test.n, test.count, func(i int) float64 { return float64(i) }, sum), 1e-9)
	}
}

func TestBlocksDropTheOldest(t *testing.T) {
	x, y := series(7, func(i float64) float64 { return 10 - i })
	bx, by := Blocks(x, y, 3, Min)
	assert.Equal(t, []float64{1.5, 3.5, 5.5}, bx)
	assert.Equal(t, []float64{8, 6, 4}, by)
	bx, _ = Blocks(x, y, 8, Min)
	assert.Nil(t, bx)
}

func TestInterp(t *testing.T) {
	xs, ys := []float64{1, 2, 2, 4}, []float64{10, 20, 30, 50}
	for x, want := range map[float64]float64{0: 10, 1: 10, 1.5: 15, 2: 30, 3: 40, 4: 50, 9: 50} {
		assert.Equal(t, want, Interp(x, xs, ys), "at %v", x)
	}
	assert.True(t, math.IsNaN(Interp(1, nil, nil)))
}

// TestStudentT integrates the density up to the quantile.
func TestStudentT(t *testing.T) {
	for p, row := range quantiles {
		for nu := 1; nu <= len(row); nu++ {
			n := float64(nu)
			up, _ := math.Lgamma((n + 1) / 2)
			down, _ := math.Lgamma(n / 2)
			scale := math.Exp(up-down) / math.Sqrt(n*math.Pi)
			const steps = 200_000
			width := StudentT(p, nu) / steps
			var area float64
			for i := range steps {
				at := (float64(i) + 0.5) * width
				area += scale * math.Pow(1+at*at/n, -(n+1)/2) * width
			}
			assert.InDelta(t, p-0.5, area, 1e-7, "p %v, %d degrees of freedom", p, nu)
		}
	}
	assert.True(t, math.IsNaN(StudentT(P95, 9)))
	assert.True(t, math.IsNaN(StudentT(0.5, 3)))
}

func TestBlockSlopeOfALine(t *testing.T) {
	x, y := series(60, func(i float64) float64 { return 7 + 3*i })
	s := BlockSlope(x, y, 10, Min)
	assert.InDelta(t, 3, s.Value, 1e-9)
	assert.InDelta(t, 0, s.Err, 1e-9)
	assert.Equal(t, 7, s.Freedom)
	b, ok := s.Bend()
	require.True(t, ok)
	assert.InDelta(t, b.First, b.Second, 1e-6)
}

// TestBlockSlopeAgreesWithNumpy has figures of an independent implementation.
func TestBlockSlopeAgreesWithNumpy(t *testing.T) {
	x, y := series(31, func(i float64) float64 { return 5*i + 40*math.Sin(i) + 30*math.Cos(i/3) })
	s := BlockSlope(x, y, 10, Min)
	assert.InEpsilon(t, 3.949415658305636, s.Value, 1e-9)
	assert.InEpsilon(t, 2.6090824790433245, s.Err, 1e-9)
}

// TestIntervalHoldsUnderCorrelatedNoise counts how often the 95 % interval holds the
// slope where noise remembers, as far as a slope can be told from it at all.
func TestIntervalHoldsUnderCorrelatedNoise(t *testing.T) {
	const runs = 1000
	for rho, want := range map[float64]float64{0: 0.93, 0.3: 0.92, 0.6: 0.91, 0.8: 0.90} {
		rng := rand.New(rand.NewPCG(3, 4))
		held := 0
		for range runs {
			noise := rng.NormFloat64() / math.Sqrt(1-rho*rho)
			x, y := series(60, func(i float64) float64 {
				noise = rho*noise + rng.NormFloat64()
				return 2*i + noise
			})
			s := BlockSlope(x, y, 10, Median)
			if s.Lower(P975) <= 2 && 2 <= s.Upper(P975) {
				held++
			}
		}
		assert.GreaterOrEqual(t, float64(held)/runs, want, "rho %v", rho)
	}
}

func TestFindBreak(t *testing.T) {
	wobble := func(i float64) float64 { return 0.3 * math.Sin(7*i) }
	for _, test := range []struct {
		name   string
		y      func(i float64) float64
		at     int
		slower bool
	}{
		{"a cache that fills", func(i float64) float64 { return 5*math.Min(i, 20) + wobble(i) }, 20, true},
		{"a step", func(i float64) float64 { return 90*math.Floor(i/30) + wobble(i) }, 30, true},
		{"late growth", func(i float64) float64 { return 5*math.Max(0, i-40) + wobble(i) }, 40, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			x, y := series(60, test.y)
			b, ok := FindBreak(x, y)
			require.True(t, ok)
			assert.InDelta(t, test.at, b.At, 1)
			assert.Less(t, b.P, 0.001)
			assert.Equal(t, test.slower, b.After < 0.6*b.Before)
		})
	}
	t.Run("a line has none", func(t *testing.T) {
		x, y := series(60, func(i float64) float64 { return i + wobble(i) })
		b, ok := FindBreak(x, y)
		require.True(t, ok)
		assert.Greater(t, b.P, 0.05)
	})
	t.Run("constant", func(t *testing.T) {
		_, ok := FindBreak(series(60, func(float64) float64 { return 3 }))
		assert.False(t, ok)
	})
}

func TestFindStop(t *testing.T) {
	for _, test := range []struct {
		name   string
		y      func(i float64) float64
		proven bool
	}{
		{"flat", func(float64) float64 { return 5 }, true},
		{"filled by half-time", func(i float64) float64 { return math.Min(i, 30) }, true},
		{"still growing", func(i float64) float64 { return i }, true}, // it has no pause: nothing is excluded after its end
		{"three chunks at equal distances", func(i float64) float64 { return math.Floor(i / 16) }, false},
		{"a doubling table", func(i float64) float64 { return math.Exp2(math.Floor(math.Log2(i + 1))) }, false},
	} {
		x, y := series(60, test.y)
		assert.Equal(t, test.proven, FindStop(x, y, 0.5).Proven, test.name)
	}
	x, y := series(60, func(i float64) float64 { return math.Floor(i / 16) })
	assert.Greater(t, FindStop(x, y, 0.5).Until, 59.0, "what would prove it lies ahead")
	assert.True(t, FindStop(x, y, 100).Proven, "below the floor there is nothing to prove")
}

func TestTurns(t *testing.T) {
	for _, test := range []struct {
		v    []float64
		want int
	}{
		{nil, 0},
		{[]float64{1, 1, 1}, 0},
		{[]float64{1, 2, 3, 9}, 0},
		{[]float64{9, 5, 1}, 0},
		{[]float64{0, 9, 0}, 1},
		{[]float64{0, 9, 7, 9, 8}, 0}, // wobbles by less than the swing
		{[]float64{0, 9, 0, 9, 0}, 3},
		{[]float64{0, 4, 8, 12, 8, 4, 0, 5}, 2},
	} {
		assert.Equal(t, test.want, Turns(test.v, 5), "%v", test.v)
	}
}

func TestDoubles(t *testing.T) {
	table := func(i float64) float64 { return 100 * math.Exp2(math.Ceil(math.Log2(i+1))) }
	for _, test := range []struct {
		name string
		y    func(i float64) float64
		want bool
	}{
		{"a map without bound", table, true},
		{"a map that is full", func(i float64) float64 { return table(math.Min(i, 30)) }, false},
		{"a line", func(i float64) float64 { return 100 * i }, false},
		{"flat", func(float64) float64 { return 100 }, false},
	} {
		x, y := series(72, test.y)
		assert.Equal(t, test.want, Doubles(x, y, 8, 100), test.name)
	}
}

// TestShortAndOddSeries: whatever comes in, something comes out.
func TestShortAndOddSeries(t *testing.T) {
	odd := []float64{math.NaN(), math.Inf(1), -1e300, 1e300, 0}
	for n := range 14 {
		x, y := make([]float64, n), make([]float64, n)
		for i := range n {
			x[i], y[i] = float64(i/3), odd[i%len(odd)]
		}
		assert.NotPanics(t, func() {
			s := BlockSlope(x, y, 10, Median)
			s.Bend()
			FindBreak(x, y)
			FindStop(x, y, 1)
			Doubles(x, y, min(2, n), 1)
			Correlation(x, y)
			Deviation(y)
			SecondCoefficient(x, y, y)
		}, "%d points", n)
	}
}
