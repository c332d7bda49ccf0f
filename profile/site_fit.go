package profile

import "math"

// slope is the growth of one figure over a series of profiles.
type slope struct {
	rise    float64 // last − first
	slope   float64 // per request; 0 where there were none
	lo, hi  float64 // 95 % interval of slope; both 0 where there are too few profiles
	certain bool    // slope is more than noise
}

func (s slope) interval() bool { return s.lo != 0 || s.hi != 0 }

// forget takes back what was said per request, where there were none.
func (s *slope) forget() { s.slope, s.lo, s.hi = 0, 0, 0 }

// student is the 97.5 % quantile of Student's t by degrees of freedom, from 1; beyond
// them the last, which is a little too wide.
var student = []float64{12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18}

// fit draws a line through y by least squares, or from the first to the last point
// where there are too few to judge it.
//
// Its error is estimated twice: from the points' distances to the line, and from the
// variance that each is known to have (nil: none). The larger of the two counts: the
// first sees what the second does not know, and the second is not fooled by four
// points that happen to lie well.
func fit(x, y, variance []float64) slope {
	n := len(x)
	s := slope{rise: y[n-1] - y[0]}
	if n < minSeries {
		s.slope = s.rise / (x[n-1] - x[0])
		return s
	}
	mx, my := mean(x), mean(y)
	var sxx, sxy, known float64
	for i := range x {
		dx := x[i] - mx
		sxx += dx * dx
		sxy += dx * (y[i] - my)
		if variance != nil {
			known += dx * dx * variance[i]
		}
	}
	s.slope = sxy / sxx
	var left float64
	for i := range x {
		d := y[i] - my - s.slope*(x[i]-mx)
		left += d * d
	}
	seen := student[min(n-2, len(student))-1] * math.Sqrt(left/float64(n-2)/sxx)
	sampled := math.Sqrt(known) / sxx
	half := max(seen, 1.96*sampled)
	s.lo, s.hi = s.slope-half, s.slope+half
	// Hundreds of sites are judged in a run, so that one in forty by chance is too many.
	s.certain = s.slope > max(seen, 3*sampled)
	return s
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, a := range v {
		sum += a
	}
	return sum / float64(len(v))
}

// sustained says whether y grows in nearly every interval (all of three, three of
// four, and so on), and at the end still at a quarter of its pace at least. What was
// full before the first profile does the first by chance only, and what filled up
// during the series does not do both.
func sustained(x, y []float64) bool {
	intervals := len(x) - 1
	idle := 0
	for i := range intervals {
		if y[i+1] <= y[i] {
			idle++
		}
	}
	if idle > intervals/4 {
		return false
	}
	last := len(x) - 1
	from := last - max(1, len(x)/4)
	pace := (y[last] - y[0]) / (x[last] - x[0])
	return (y[last]-y[from])/(x[last]-x[from]) >= pace/4
}
