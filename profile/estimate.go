package profile

// Estimate is a value with its 95 % interval. Where there is none, Lo and Hi are Value.
type Estimate struct {
	Value, Lo, Hi float64
	Points        int // reduced points it was made from; 0 means that there is no estimate
}

// Interval tells whether there is an interval. There is none where
// nothing was estimated, and where none can be stood by: in growth by few steps, of a
// heap whose collections were not forced, of the working set.
func (e Estimate) Interval() bool { return e.Points > 0 && e.Lo < e.Hi }

// Times returns the estimate of a multiple.
func (e Estimate) Times(factor float64) Estimate {
	e.Value, e.Lo, e.Hi = e.Value*factor, e.Lo*factor, e.Hi*factor
	return e
}
