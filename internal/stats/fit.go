package stats

import (
	"math"

	"github.com/montanaflynn/stats"
)

// leastSquares returns the coefficients that bring the columns closest to y, and the
// inverse of the normal matrix (the covariance of the coefficients for a unit error
// variance). ok is false where the columns do not determine them.
//
// Normal equations are good enough here: two or three columns, scaled to about 1.
func leastSquares(columns [][]float64, y []float64) (coef []float64, inverse [][]float64, ok bool) {
	n := len(columns)
	normal := make([][]float64, n)
	right := make([]float64, n)
	for i := range normal {
		normal[i] = make([]float64, n)
		for j := range normal[i] {
			normal[i][j] = dot(columns[i], columns[j])
		}
		right[i] = dot(columns[i], y)
	}
	inverse, ok = invert(normal)
	if !ok {
		return nil, nil, false
	}
	coef = make([]float64, n)
	for i := range coef {
		coef[i] = dot(inverse[i], right)
	}
	return coef, inverse, true
}

// invert returns the inverse of a small positive definite matrix, by Gauss and Jordan with
// pivots from the diagonal.
func invert(m [][]float64) (inverse [][]float64, ok bool) {
	n := len(m)
	inverse = make([][]float64, n)
	for i := range inverse {
		inverse[i] = make([]float64, n)
		inverse[i][i] = 1
	}
	for i := range n {
		scale := m[i][i]
		if !(math.Abs(scale) > 1e-12) || math.IsInf(scale, 0) {
			return nil, false
		}
		for j := range n {
			m[i][j] /= scale
			inverse[i][j] /= scale
		}
		for k := range n {
			if k == i {
				continue
			}
			factor := m[k][i]
			for j := range n {
				m[k][j] -= factor * m[i][j]
				inverse[k][j] -= factor * inverse[i][j]
			}
		}
	}
	return inverse, true
}

// residuals returns y less what the columns explain of it; y about its mean where they
// explain nothing.
func residuals(columns [][]float64, y []float64) []float64 {
	centred := centre(y)
	coef, _, ok := leastSquares(columns, centred)
	if !ok {
		return centred
	}
	for i := range centred {
		for j := range coef {
			centred[i] -= coef[j] * columns[j][i]
		}
	}
	return centred
}

// quadraticResiduals returns y about the parabola in x that is closest to it: what is left
// is noise, also where growth bends.
func quadraticResiduals(x, y []float64) []float64 {
	n := len(x)
	one, u, square := ones(n), scaled(x), make([]float64, n)
	for i := range u {
		u[i] = 2*u[i] - 1
		square[i] = u[i] * u[i]
	}
	return residuals([][]float64{one, u, square}, y)
}

// scaled maps x linearly to 0 (the first) … 1 (the last).
func scaled(x []float64) []float64 {
	u := make([]float64, len(x))
	width := x[len(x)-1] - x[0]
	for i := range u {
		u[i] = (x[i] - x[0]) / width
	}
	return u
}

// past returns how far each x is beyond the knot, 0 before it: the column of a hinge.
func past(x []float64, knot float64) []float64 {
	v := make([]float64, len(x))
	for i := range v {
		v[i] = max(0, x[i]-knot)
	}
	return v
}

func ones(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = 1
	}
	return v
}

func centre(v []float64) []float64 {
	m := Mean(v)
	c := make([]float64, len(v))
	for i := range c {
		c[i] = v[i] - m
	}
	return c
}

func dot(a, b []float64) float64 {
	var sum float64
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// lag1 returns the first autocorrelation of residuals.
func lag1(r []float64) float64 {
	if len(r) < 2 {
		return 0
	}
	power := dot(r[:len(r)-1], r[:len(r)-1])
	if !(power > 0) {
		return 0
	}
	return dot(r[1:], r[:len(r)-1]) / power
}

func clip(v, lo, hi float64) float64 { return min(max(v, lo), hi) }

// Deviation returns the standard deviation of v as a whole population; NaN of none.
func Deviation(v []float64) float64 {
	d, err := stats.StandardDeviationPopulation(v)
	if err != nil {
		return math.NaN()
	}
	return d
}

// Correlation returns Pearson's r; 0 where a series does not vary, NaN of series of
// different lengths.
func Correlation(a, b []float64) float64 {
	r, err := stats.Correlation(a, b)
	if err != nil {
		return math.NaN()
	}
	return r
}

// SecondCoefficient returns b2 of the least squares y = b1·first + b2·second without
// intercept; 0 where they do not determine it.
func SecondCoefficient(first, second, y []float64) float64 {
	coef, _, ok := leastSquares([][]float64{first, second}, y)
	if !ok {
		return 0
	}
	return coef[1]
}
