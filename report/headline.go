package report

import (
	"fmt"
	"github.com/memgate/memgate/profile/leak"
	"strings"
	"time"
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
		case r.Trend.Verdict == leak.Inconclusive && strings.HasPrefix(c.Got, "inconclusive"):
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
		return f.Short()
	}
	if r.Trend.Verdict == leak.Leaking {
		return r.growthInWords() + r.decidedInWords()
	}
	if r.outcome() == failed {
		return r.brokenInWords()
	}
	return r.trendInWords()
}

// Short is the first clause of the finding's text: without what is in brackets or after a
// semicolon.
func (f Finding) Short() string {
	short, _, _ := strings.Cut(f.Text, "; ")
	if i := strings.Index(short, " ("); i > 0 {
		short = short[:i]
	}
	return short
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

// growthInWords is "the live heap grows by 1,890 B with each request, +21.6 MiB/min".
func (r *Record) growthInWords() string {
	n, what := counted(r.Trend)
	if what != "" && !(r.Trend.PerRequest.Value > 0) {
		return fmt.Sprintf("the number of %s grows by %.2f with each request", r.channel(), n)
	}
	s := fmt.Sprintf("the %s grows by %s with each request", r.channel(), Bytes(r.Trend.PerRequest.Value))
	if what != "" {
		s = fmt.Sprintf("memory grows by %s and %.2f %s with each request", Bytes(r.Trend.PerRequest.Value), n, what)
	}
	if m := r.Trend.PerSecond.Value * time.Minute.Seconds() / mib; m >= 0.05 {
		s += fmt.Sprintf(", +%.1f MiB/min", m)
	}
	return s
}

// Growth is how much the figure that decided a verdict grows: "+1,890 B/request", or
// "+4.00 objects/request" where things were counted, not weighed.
func Growth(t leak.Trend) string {
	if n, what := counted(t); what != "" {
		return fmt.Sprintf("%+.2f %s/request", n, what)
	}
	return SignedBytes(t.PerRequest.Value) + "/request"
}

// counted is the growth per request of a channel that is a number of things, and what
// they are; "" if the channel is one of bytes.
func counted(t leak.Trend) (n float64, what string) {
	for _, c := range t.Channels {
		if c.Name == t.Channel && c.Unit != "B" {
			return c.Slope.Value, c.Unit
		}
	}
	return 0, ""
}

// intervalInWords is "95% CI 1,720 … 2,060 B", or nothing where there is no interval.
func intervalInWords(e leak.Estimate) string {
	if !e.Interval() || e.Lo == e.Hi {
		return ""
	}
	lo, hi := Bytes(e.Lo), Bytes(e.Hi)
	if value, unit, _ := strings.Cut(lo, " "); strings.HasSuffix(hi, " "+unit) {
		lo = value
	}
	return fmt.Sprintf("95%% CI %s … %s", lo, hi)
}

// decidedInWords is how what is reachable decided the verdict, where it did.
func (r *Record) decidedInWords() string {
	if r.Trend.Reason == "" {
		return ""
	}
	return "; " + r.Trend.Reason
}

// channel is the figure that decided the verdict.
func (r *Record) channel() string {
	if r.Trend.Channel == "" {
		return "memory"
	}
	return r.Trend.Channel
}

// trendInWords is what the trend says where it found no leak.
func (r *Record) trendInWords() string {
	t := r.Trend
	switch {
	case t.Verdict == leak.Steady:
		return fmt.Sprintf("the %s is steady: no growth above %s/request", r.channel(), Bytes(t.Bound)) + r.decidedInWords()
	case t.Reason == "" && len(r.Samples) == 0:
		return "nothing was measured"
	case t.Reason == "":
		return "nothing can be said of its growth"
	case t.Remedy == "":
		return "no statement on growth is possible: " + t.Reason
	}
	return fmt.Sprintf("no statement on growth is possible: %s; %s", t.Reason, t.Remedy)
}
