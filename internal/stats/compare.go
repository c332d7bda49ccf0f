package stats

import (
	"fmt"
	"math"
	"slices"
	"sync"

	moremath "github.com/aclements/go-moremath/stats"
	"golang.org/x/perf/benchmath"
)

// Comparison is what two samples of one quantity say about each other. Nothing is
// assumed of their distribution.
type Comparison struct {
	P             float64 // of benchstat's test (Mann and Whitney's, exact for small samples), two-sided; 1 if it cannot be made
	N1, N2        int
	Before, After Interval // medians, with benchstat's intervals
	Shift         Interval // Hodges and Lehmann's estimate of after − before, with the interval of the same test
	Spread        float64  // see Spread
	Warnings      []error  // benchmath's
}

// Interval is an estimate with the ends of its 95 % interval.
type Interval struct {
	Value, Lo, Hi float64
	Known         bool   // there is an interval
	Why           string // if not: why
}

const (
	confidence   = 0.95
	mostCompared = 200 // values of a side that are looked at: the exact methods are quadratic
)

// Compare compares two samples, neither of which may be empty. It changes neither.
func Compare(before, after []float64) Comparison {
	a, b := sample(before), sample(after)
	test := benchmath.AssumeNothing.Compare(a, b)
	return Comparison{
		P: test.P, N1: test.N1, N2: test.N2,
		Before: center(a), After: center(b),
		Shift:    Shift(a.Values, b.Values),
		Spread:   Spread(a.Values, b.Values),
		Warnings: test.Warnings,
	}
}

// sample returns a copy of v: benchmath sorts what it is given.
func sample(v []float64) *benchmath.Sample {
	return benchmath.NewSample(slices.Clone(v[:min(len(v), mostCompared)]), &benchmath.DefaultThresholds)
}

func center(s *benchmath.Sample) Interval {
	sum := benchmath.AssumeNothing.Summary(s, confidence)
	i := Interval{Value: sum.Center, Lo: sum.Lo, Hi: sum.Hi, Known: len(sum.Warnings) == 0}
	if !i.Known {
		i.Lo, i.Hi, i.Why = 0, 0, sum.Warnings[0].Error()
	}
	return i
}

// Shift returns the median of all differences between a value of b and one of a, with the
// interval that the rank-sum test gives (Hodges and Lehmann).
func Shift(a, b []float64) Interval {
	a, b = a[:min(len(a), mostCompared)], b[:min(len(b), mostCompared)]
	all := make([]float64, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			all = append(all, y-x)
		}
	}
	slices.Sort(all)
	i := Interval{Value: (all[(len(all)-1)/2] + all[len(all)/2]) / 2}
	k := rankSumCut(len(a), len(b))
	if k == 0 {
		i.Why = fmt.Sprintf("an interval takes 4 runs each, there are %d and %d", len(a), len(b))
		return i
	}
	i.Lo, i.Hi, i.Known = all[k-1], all[len(all)-k], true
	return i
}

// rankSumCut returns the largest k for which the rank-sum statistic U of n and m values of
// one distribution is below k in no more than a fortieth of cases; 0 if there is none.
func rankSumCut(n, m int) int {
	if n*m > 400 { // enough for the normal approximation
		return int(float64(n*m)/2 - 1.96*math.Sqrt(float64(n*m*(n+m+1))/12))
	}
	// ways[u] is the number of orders with U = u: products of (1 − x^(m+i)) / (1 − x^i).
	ways := make([]float64, n*m+1)
	ways[0] = 1
	for i := 1; i <= n; i++ {
		for u := n * m; u >= m+i; u-- {
			ways[u] -= ways[u-m-i]
		}
		for u := i; u <= n*m; u++ {
			ways[u] += ways[u-i]
		}
	}
	total, below := 0.0, 0.0
	for _, w := range ways {
		total += w
	}
	k := 0
	for ; k < len(ways) && below+ways[k] <= (1-confidence)/2*total; k++ {
		below += ways[k]
	}
	return k
}

// LeastP returns the smallest p that the test can give for n and m values, when all of one
// side are above all of the other: 2 of the n+m over n orders.
func LeastP(n, m int) float64 {
	p := 2.0
	for i := 1; i <= n; i++ {
		p *= float64(i) / float64(m+i)
	}
	return min(p, 1)
}

// Holm adjusts p-values for having been looked at together: among any that are at most
// α after it, one that is due to chance is found in at most a share α of cases.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		switch {
		case p[i] < p[j]:
			return -1
		case p[i] > p[j]:
			return 1
		}
		return i - j
	})
	adjusted, most := make([]float64, len(p)), 0.0
	for rank, i := range order {
		most = max(most, min(1, p[i]*float64(len(p)-rank)))
		adjusted[i] = most
	}
	return adjusted
}

// Spread estimates the standard deviation of a single value within its side, from both
// sides, so that one outlier hardly moves it: the median distance from the own side's
// median, scaled as it is for a normal distribution. The distance of each side's middle
// value, which is 0 or next to it for having been measured from itself, is left out.
// 0 where no side has two values.
func Spread(a, b []float64) float64 {
	var far []float64
	for _, side := range [][]float64{a, b} {
		if len(side) < 2 {
			continue
		}
		middle := Median(slices.Clone(side))
		own := make([]float64, len(side))
		for i, v := range side {
			own[i] = math.Abs(v - middle)
		}
		slices.Sort(own)
		far = append(far, own[1:]...)
	}
	if len(far) == 0 {
		return 0
	}
	const normal = 1.4826 // 1 / Φ⁻¹(3/4)
	return normal * Median(far)
}

// NoiseFloor returns how large a difference of n and m runs is at most by chance, where a
// single run has that spread: a difference of normal distributions is larger in 1 of 500
// cases. It is what a rank test of few runs lacks: with five a side it takes the 1
// order of 126 that separates them for a difference however small that is.
func NoiseFloor(spread float64, n, m int) float64 {
	if n+m < 3 {
		return math.Inf(1)
	}
	return tail(n+m-2) * spread * math.Sqrt(1/float64(n)+1/float64(m))
}

var tails sync.Map // by degrees of freedom

// tail returns what Student's t exceeds in 1 of 500 cases.
func tail(freedom int) float64 {
	if t, ok := tails.Load(freedom); ok {
		return t.(float64)
	}
	t := moremath.InvCDF(moremath.TDist{V: float64(freedom)})(1 - 1.0/500)
	tails.Store(freedom, t)
	return t
}
