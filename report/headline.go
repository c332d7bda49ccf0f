package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/memgate/memgate/profile"
)

// outcome is how a run ended, for those who only read one word.
type outcome string

const (
	passed       outcome = "passed"
	failed       outcome = "failed"
	inconclusive outcome = "inconclusive"
	unjudged     outcome = "not judged"
)

// outcome is the worst of what the run and its judges said.
func (r *Record) outcome() outcome {
	if _, ended := r.fatal(); ended {
		return failed
	}
	if len(r.Checks) == 0 {
		return unjudged
	}
	worst := passed
	for _, c := range r.Checks {
		switch {
		case c.OK:
		case r.Trend.Verdict == profile.Inconclusive && strings.HasPrefix(c.Got, "inconclusive"):
			worst = inconclusive
		default:
			return failed
		}
	}
	return worst
}

// headline is the verdict in one sentence with its number.
func (r *Record) headline() string {
	if f, ended := r.fatal(); ended {
		return f.Text
	}
	if r.Trend.Verdict == profile.Leaking {
		return "memory grows with requests: " + r.growthInWords()
	}
	if r.outcome() == failed {
		return r.brokenInWords()
	}
	return r.trendInWords()
}

// brokenInWords is the first rule that failed, and how many more did.
func (r *Record) brokenInWords() string {
	var words string
	more := 0
	for _, c := range r.Checks {
		switch {
		case c.OK:
		case words == "":
			words = fmt.Sprintf("%s is %s, allowed %s", c.Rule, c.Got, c.Allowed)
		default:
			more++
		}
	}
	if more > 0 {
		words += fmt.Sprintf("; %d more rules failed", more)
	}
	return words
}

// growthInWords is "+1,890 B/request (95% CI 1,720 B … 2,060 B), +21.6 MiB/min".
func (r *Record) growthInWords() string {
	per := r.Trend.PerRequest
	s := SignedBytes(per.Value) + "/request"
	if per.Interval() && per.Lo != per.Hi {
		s += fmt.Sprintf(" (95%% CI %s … %s)", Bytes(per.Lo), Bytes(per.Hi))
	}
	if m := r.Trend.PerSecond.Value * time.Minute.Seconds() / mib; m >= 0.05 {
		s += fmt.Sprintf(", +%.1f MiB/min", m)
	}
	return s
}

// trendInWords is what the trend says where it found no leak.
func (r *Record) trendInWords() string {
	t := r.Trend
	switch {
	case t.Verdict == profile.Steady:
		return fmt.Sprintf("memory does not grow with requests: above %s/request is excluded (%s)", Bytes(t.Bound), t.Channel)
	case t.Reason == "" && len(r.Samples) == 0:
		return "nothing was measured"
	case t.Reason == "":
		return "nothing can be said of its growth"
	case t.Remedy == "":
		return "no statement on growth is possible: " + t.Reason
	}
	return fmt.Sprintf("no statement on growth is possible: %s; %s", t.Reason, t.Remedy)
}
