// Package stats holds the statistics of the leak verdict: pure functions on
// []float64 that know nothing of memory or requests.
package stats

import "math"

// Line is the slope of y on x by ordinary least squares, and its standard error;
// both are NaN for fewer than three points or where x does not vary.
func Line(x, y []float64) (slope, stderr float64) {
	n := len(x)
	if n < 3 || len(y) != n {
		return math.NaN(), math.NaN()
	}
	mx, my := mean(x), mean(y)
	var sxx, sxy float64
	for i := range x {
		sxx += (x[i] - mx) * (x[i] - mx)
		sxy += (x[i] - mx) * (y[i] - my)
	}
	if sxx <= 0 {
		return math.NaN(), math.NaN()
	}
	slope = sxy / sxx
	var sse float64
	for i := range x {
		r := y[i] - my - slope*(x[i]-mx)
		sse += r * r
	}
	return slope, math.Sqrt(sse / float64(n-2) / sxx)
}

func mean(v []float64) float64 {
	var sum float64
	for _, a := range v {
		sum += a
	}
	return sum / float64(len(v))
}
