package heap

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

// pace returns what a site's growth is measured by to see whether it goes on: the bytes it
// has allocated, where they are known, else x.
//
// A leak keeps the same share of what it allocates to the end; a cache that is full
// gives back as much as it takes. Against requests the two are hard to tell in a
// sampled profile, since chance alone makes a full cache of 20 MiB grow or shrink by
// megabytes; but chance picks the same objects for both figures.
func pace(x, allocated []float64) []float64 {
	for i := 1; i < len(allocated); i++ {
		if allocated[i] < allocated[i-1] {
			return x
		}
	}
	if allocated[len(allocated)-1] == allocated[0] {
		return x
	}
	return allocated
}

// maxIntervals is how many intervals growth is looked for in. In more and shorter ones
// even a leak has some in which none of its objects was sampled.
const maxIntervals = 12

// sustained reports whether y grows in nearly every interval (all of three, three of
// four, five of seven) and goes on to the end: in its second half at 0.6 of its mean
// pace at least, in its last quarter at half of it.
//
// Of 200 simulated runs at Go's default rate of sampling, with 4 to 20 profiles, that
// lists 182 leaks or more once 10 MiB have leaked. A cache of 32 MiB that was full
// before the first profile it lists 2 times, one that fills up midway 10 times.
func sustained(x, y []float64) bool {
	x, y = spaced(x), spaced(y)
	last := len(x) - 1
	idle := 0
	for i := range last {
		if y[i+1] <= y[i] {
			idle++
		}
	}
	if idle > last*3/10 {
		return false
	}
	mean := (y[last] - y[0]) / (x[last] - x[0])
	from := func(i int, share float64) bool { return y[last]-y[i] >= share*mean*(x[last]-x[i]) }
	return from((last+1)/2, 0.6) && from(last-max(1, (last+1)/4), 0.5)
}

// spaced takes every n-th point, the last one included, so that there are at most
// maxIntervals intervals.
func spaced(v []float64) []float64 {
	every := (len(v) - 2 + maxIntervals) / maxIntervals
	if every <= 1 {
		return v
	}
	var kept []float64
	for i := (len(v) - 1) % every; i < len(v); i += every {
		kept = append(kept, v[i])
	}
	return kept
}
