package report

// Outcome returns the worst of what the run and its judges said: a run that was cut short
// failed, whatever they said.
func (r *Record) Outcome() Outcome {
	if _, ended := r.Fatal(); ended {
		return Failed
	}
	if len(r.Checks) == 0 {
		return NotJudged
	}
	worst := Passed
	for _, c := range r.Checks {
		switch c.Outcome {
		case Passed:
		case Failed:
			return Failed
		default:
			worst = Inconclusive
		}
	}
	return worst
}
