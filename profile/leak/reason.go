package leak

// reason is why growth is not called a leak.
type reason string

const (
	notSignificant     reason = "not significant"
	belowThreshold     reason = "growth below threshold"
	fewSteps           reason = "few steps"
	notSustained       reason = "not sustained"
	decelerating       reason = "decelerating"
	windowTooShort     reason = "window too short"
	smallAgainstWarmup reason = "small against warm-up growth"
	loadRamps          reason = "load ramps with the run"
	fewCycles          reason = "too few GC cycles"
	fewSamples         reason = "too few samples"
	endsTooLate        reason = "growth stops at the very end"
	onlyCorrected      reason = "growth only after the load correction"
)
