package stats

import "math"

// Slope is the growth of y with x, fitted to block values.
type Slope struct {
	Value   float64   // y per x
	Err     float64   // its standard error, widened for correlated noise
	Freedom int       // degrees of freedom of Err
	X, Y    []float64 // the block values
	Widened float64   // the factor on the standard error
	Noise   float64   // standard deviation of the block values about a parabola
}

// BlockSlope returns the least-squares line through the values of count equal blocks
// (fewer where a block would hold one point; single points of fewer than 12).
//
// Blocks are nearly uncorrelated where the points are not (batch means: Glynn and
// Whitt 1991); what correlation is left widens the error. The noise is taken about a
// parabola, so that bent growth is not mistaken for noise. Value is NaN where x does
// not vary.
func BlockSlope(x, y []float64, count int, reduce Reduce) Slope {
	n := len(x)
	if n < 12 {
		count = n
	} else {
		count = min(count, n/2)
	}
	bx, by := Blocks(x, y, count, reduce)
	s := Slope{Value: math.NaN(), Err: math.NaN(), Freedom: max(count-3, 1), X: bx, Y: by, Widened: 1}
	if count < 3 {
		return s
	}
	cx := centre(bx)
	sxx := dot(cx, cx)
	if !(sxx > 0) {
		return s
	}
	e := quadraticResiduals(bx, by)
	s.Value = dot(cx, by) / sxx
	s.Widened = widening(x, y, float64(n)/float64(count))
	s.Noise = math.Sqrt(dot(e, e) / float64(s.Freedom))
	s.Err = s.Noise / math.Sqrt(sxx) * s.Widened
	return s
}

// Lower returns below the slope with probability p (P95, P975 or P99).
func (s Slope) Lower(p float64) float64 { return s.Value - StudentT(p, s.Freedom)*s.Err }

// Upper returns above the slope with probability p (P95, P975 or P99).
func (s Slope) Upper(p float64) float64 { return s.Value + StudentT(p, s.Freedom)*s.Err }

// widening returns the factor on the standard error of a slope through blocks of size
// points with first-order autocorrelation: an AR(1) process's correlation between
// means of adjacent blocks, with Kendall's correction for the parabola taken out.
func widening(x, y []float64, size float64) float64 {
	const most = 0.6 // correlation of blocks that so few of them can still tell from a trend
	rho := lag1(quadraticResiduals(x, y))
	rho = clip(rho+(3+5*rho)/float64(len(x)), 0, 0.98)
	between := rho
	if size > 1 {
		remembered := math.Pow(rho, size)
		variance := size*(1-rho*rho) - 2*rho*(1-remembered)
		between = most
		if variance > 1e-9 {
			between = rho * (1 - remembered) * (1 - remembered) / variance
		}
	}
	between = min(between, most)
	return math.Sqrt((1 + between) / (1 - between))
}

// Bend is the slope of each half of a Slope's blocks, by a line with a hinge at the
// middle of the window, in y over the whole window.
type Bend struct {
	First, Second float64 // growth of the halves, as if the whole window grew so
	Sustained     float64 // (Second − 0.6 First) in standard errors: high where growth goes on
	Change        float64 // (Second − First) in standard errors: negative where growth slows
}

// Bend compares the halves of the window. ok is false where there are too few blocks.
func (s Slope) Bend() (b Bend, ok bool) {
	if len(s.X) < 4 || math.IsNaN(s.Value) {
		return Bend{}, false
	}
	u := scaled(s.X)
	hinge := [][]float64{ones(len(u)), u, past(u, 0.5)}
	y := centre(s.Y)
	coef, inverse, ok := leastSquares(hinge, y)
	if !ok {
		return Bend{}, false
	}
	e := residuals(hinge, s.Y)
	noise := dot(e, e) / float64(s.Freedom)
	b.First, b.Second = coef[1], coef[1]+coef[2]
	// The variance of 0.4 First + (Second − First), which is Second − 0.6 First.
	sustained := noise * (0.16*inverse[1][1] + 0.8*inverse[1][2] + inverse[2][2])
	b.Sustained = (b.Second - 0.6*b.First) / (math.Sqrt(max(sustained, 1e-12)) * s.Widened)
	b.Change = coef[2] / (math.Sqrt(max(noise*inverse[2][2], 1e-12)) * s.Widened)
	return b, true
}
