package stats

import "math"

// Break is where a series changes its course.
type Break struct {
	At            int     // index of the first point after it
	P             float64 // how likely a straight line would seem to break so
	Before, After float64 // slopes, in y over the whole of x
}

// FindBreak returns the best break of y over x: of a continuous hinge and of one step
// upwards with flat sides, whichever leaves less unexplained. ok is false where there
// are too few points, or where a line leaves nothing to explain.
func FindBreak(x, y []float64) (b Break, ok bool) {
	n := len(x)
	from, to := max(3, n/12), n-max(3, n/16)
	if to <= from || !(x[n-1] > x[0]) {
		return Break{}, false
	}
	u := scaled(x)
	line := residuals([][]float64{ones(n), u}, y)
	straight := dot(line, line)
	if !(straight > 0) {
		return Break{}, false
	}
	best, rest := bestHinge(u, y, line, from, to)
	if step, r := bestStep(y, from, to); step.Before > 0 && dot(r, r) < dot(rest, rest) {
		best, rest = step, r
	}
	best.P = breakP(straight, rest)
	return best, true
}

// bestHinge tries each knot: how much of a line's residuals the hinge explains has a
// closed form, so that only the best is fitted.
func bestHinge(u, y, line []float64, from, to int) (Break, []float64) {
	n := float64(len(u))
	cu := centre(u)
	suu := dot(cu, cu)
	most, at := math.Inf(-1), from
	for k := from; k < to; k++ {
		var sum, square, onU, along float64 // of the hinge's column
		for i := k + 1; i < len(u); i++ {
			h := u[i] - u[k]
			sum += h
			square += h * h
			onU += h * cu[i]
			along += h * line[i]
		}
		own := square - sum*sum/n - onU*onU/suu // what a line does not explain of it
		if explained := along * along / max(own, 1e-12); explained > most {
			most, at = explained, k
		}
	}
	hinge := [][]float64{ones(len(u)), u, past(u, u[at])}
	coef, _, ok := leastSquares(hinge, centre(y))
	if !ok {
		return Break{At: at}, line
	}
	return Break{At: at, Before: coef[1], After: coef[1] + coef[2]}, residuals(hinge, y)
}

// bestStep tries each step between two flat parts; Before is its height.
func bestStep(y []float64, from, to int) (Break, []float64) {
	n := float64(len(y))
	level := Mean(y)
	var below, left float64 // sum of y about its mean over the left part
	most, at := math.Inf(-1), from
	for k := range to {
		if k >= from {
			left = float64(k)
			height := -below/(n-left) - below/left
			if explained := left * (n - left) / n * height * height; explained > most {
				most, at = explained, k
			}
		}
		below += y[k] - level
	}
	before, after := Mean(y[:at]), Mean(y[at:])
	r := make([]float64, len(y))
	for i := range r {
		if i < at {
			r[i] = y[i] - before
		} else {
			r[i] = y[i] - after
		}
	}
	return Break{At: at, Before: after - before}, r
}

// breakP returns the probability of so much better a fit if there were no break: an F test
// with two degrees of freedom, whose distribution has a closed form. The points count
// as many as independent ones would be worth (AR(1)).
func breakP(straight float64, rest []float64) float64 {
	left := dot(rest, rest)
	if !(left > 0) {
		return 0
	}
	rho := clip(lag1(rest), 0, 0.98)
	worth := max(float64(len(rest))*(1-rho)/(1+rho), 5)
	freedom := max(worth-4, 1)
	f := (straight - left) / 2 / (left / freedom)
	return math.Pow(1+2*f/freedom, -freedom/2)
}
