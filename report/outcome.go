package report

import (
	"strings"

	"github.com/memgate/memgate/profile/leak"
)

// Outcome is how a run ended, for those who only read one word.
type Outcome string

const (
	Passed       Outcome = "passed"
	Failed       Outcome = "failed"
	Inconclusive Outcome = "inconclusive"
	Unjudged     Outcome = "not judged"
)

// Outcome returns the worst of what the run and its judges said.
func (r *Record) Outcome() Outcome {
	if _, ended := r.Fatal(); ended {
		return Failed
	}
	if len(r.Checks) == 0 {
		return Unjudged
	}
	worst := Passed
	for _, c := range r.Checks {
		switch {
		case c.OK:
		case r.Trend.Verdict == leak.Inconclusive && strings.HasPrefix(c.Got, "inconclusive"):
			worst = Inconclusive
		default:
			return Failed
		}
	}
	return worst
}
