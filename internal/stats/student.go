package stats

import "math"

// The probabilities of Student's t that the verdict asks for.
const (
	P95  = 0.95
	P975 = 0.975
	P99  = 0.99
)

// quantiles of Student's t for 1 to 8 degrees of freedom: a slope here is of 4 to 11
// block values, less three for the quadratic taken out.
var quantiles = map[float64][8]float64{
	P95:  {6.31375151467504, 2.91998558035372, 2.35336343480182, 2.13184678632665, 2.01504837333302, 1.9431802805153, 1.89457860509001, 1.8595480375309},
	P975: {12.7062047361747, 4.30265272974946, 3.18244630528371, 2.77644510519779, 2.57058183563631, 2.44691185114497, 2.36462425159278, 2.30600413520417},
	P99:  {31.8205159537739, 6.96455673428327, 4.54070285856813, 3.7469473879792, 3.36492999890722, 3.14266840329098, 2.99795156686853, 2.89645944770962},
}

// StudentT returns the p-quantile of Student's t with nu degrees of freedom, for p of
// P95, P975 or P99 and nu from 1 to 8; NaN elsewhere.
func StudentT(p float64, nu int) float64 {
	row, ok := quantiles[p]
	if !ok || nu < 1 || nu > len(row) {
		return math.NaN()
	}
	return row[nu-1]
}
