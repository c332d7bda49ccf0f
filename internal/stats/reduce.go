package stats

import (
	"math"
	"slices"
)

// Reduce makes one value out of a block of values. It may reorder them.
type Reduce func(v []float64) float64

// Min returns the smallest value; NaN of none.
func Min(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	return slices.Min(v)
}

// Mean returns the arithmetic mean; NaN of none.
func Mean(v []float64) float64 {
	var sum float64
	for _, a := range v {
		sum += a
	}
	return sum / float64(len(v))
}

// Median returns the middle value, or the mean of the two middle ones; NaN of none. It
// reorders v and takes linear time, which montanaflynn's (a sorted copy) does not:
// a bin holds tens of thousands of samples.
func Median(v []float64) float64 {
	n := len(v)
	if n == 0 {
		return math.NaN()
	}
	upper := nth(v, n/2)
	if n%2 == 1 {
		return upper
	}
	return (slices.Max(v[:n/2]) + upper) / 2
}

// LowestDecile returns the value that a tenth of the values lie below; NaN of none. It
// reorders v.
func LowestDecile(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	return nth(v, (len(v)-1)/10)
}

// nth returns the value at index k if v were sorted (Hoare's quickselect). Afterwards no
// value before k is larger, and none after it smaller.
func nth(v []float64, k int) float64 {
	lo, hi := 0, len(v)-1
	for lo < hi {
		pivot := middle(v[lo], v[lo+(hi-lo)/2], v[hi])
		i, j := lo, hi
		for i <= j {
			for v[i] < pivot {
				i++
			}
			for v[j] > pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return v[k]
		}
	}
	return v[k]
}

func middle(a, b, c float64) float64 { return max(min(a, b), min(max(a, b), c)) }

// Bins cuts n values into count bins of equal size, to within one, and reduces each.
// There are never more bins than values.
func Bins(n, count int, value func(i int) float64, reduce Reduce) []float64 {
	count = min(count, n)
	if count <= 0 {
		return nil
	}
	out := make([]float64, count)
	scratch := make([]float64, 0, n/count+1)
	size := float64(n) / float64(count)
	from := 0
	for b := range out {
		to := n
		if b < count-1 {
			to = int(float64(b+1) * size)
		}
		scratch = scratch[:0]
		for i := from; i < to; i++ {
			scratch = append(scratch, value(i))
		}
		out[b], from = reduce(scratch), to
	}
	return out
}

// Blocks cuts the points into count equal blocks, dropping the oldest remainder, and
// answers each block's mean x and reduced y.
func Blocks(x, y []float64, count int, reduce Reduce) (bx, by []float64) {
	if count <= 0 || len(x) < count {
		return nil, nil
	}
	size := len(x) / count
	x, y = x[len(x)%count:], slices.Clone(y[len(y)%count:])
	bx, by = make([]float64, count), make([]float64, count)
	for b := range bx {
		bx[b] = Mean(x[b*size : (b+1)*size])
		by[b] = reduce(y[b*size : (b+1)*size])
	}
	return bx, by
}

// Diff returns the differences of successive values.
func Diff(v []float64) []float64 {
	if len(v) < 2 {
		return nil
	}
	d := make([]float64, len(v)-1)
	for i := range d {
		d[i] = v[i+1] - v[i]
	}
	return d
}

// Interp returns y at x, by straight lines between the points (xs ascending, ys), and the
// nearest end's value outside them; NaN without points.
func Interp(x float64, xs, ys []float64) float64 {
	n := len(xs)
	if n == 0 {
		return math.NaN()
	}
	i, _ := slices.BinarySearch(xs, x)
	for i < n && xs[i] == x { // of equal x the last counts
		i++
	}
	switch i {
	case 0:
		return ys[0]
	case n:
		return ys[n-1]
	}
	return ys[i-1] + (ys[i]-ys[i-1])*(x-xs[i-1])/(xs[i]-xs[i-1])
}
