package tell

import (
	"fmt"
	"strings"
	"time"

	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// Headline returns the verdict in one sentence with its number.
func Headline(r *report.Record) string {
	if f, ended := r.Fatal(); ended {
		return f.Summary
	}
	if r.Trend.Verdict == leak.Leaking {
		return growthInWords(r) + decidedInWords(r)
	}
	switch r.Outcome() {
	case report.Failed:
		return brokenInWords(r)
	case report.Inconclusive:
		return undecidedInWords(r)
	}
	return Trend(r)
}

// brokenInWords returns the first rule that failed, and how many more did.
func brokenInWords(r *report.Record) string {
	var said string
	more := 0
	for _, c := range r.Checks {
		switch {
		case c.Outcome != report.Failed:
		case said == "":
			said = fmt.Sprintf("%s is %s, allowed %s", c.Rule, c.Got, c.Allowed)
		default:
			more++
		}
	}
	if more > 0 {
		said += fmt.Sprintf("; %d more rules failed", more)
	}
	return said
}

// undecidedInWords returns why a run that broke no rule did not pass.
func undecidedInWords(r *report.Record) string {
	for _, c := range r.Checks {
		switch {
		case c.Outcome != report.Inconclusive:
		case c.Metric == "" && c.Reason != "":
			return c.Reason
		case c.Judge == report.NotWorse, c.Judge == report.NoDrift:
			return fmt.Sprintf("cannot compare %s: %s", c.Metric.Name(), c.Reason)
		case c.Metric == report.GrowthPerRequest:
			return Trend(r)
		default:
			return fmt.Sprintf("%s cannot be judged: %s", c.Rule, c.Got)
		}
	}
	return Trend(r)
}

// growthInWords returns "the live heap grows by 1,890 B with each request, +21.6 MiB/min".
func growthInWords(r *report.Record) string {
	n, what := counted(r.Trend)
	if what != "" && !(r.Trend.PerRequest.Value > 0) {
		return fmt.Sprintf("the number of %s grows by %.2f with each request", signal(r), n)
	}
	s := fmt.Sprintf("the %s grows by %s with each request", signal(r), words.Bytes(r.Trend.PerRequest.Value))
	if what != "" {
		s = fmt.Sprintf("memory grows by %s and %.2f %s with each request", words.Bytes(r.Trend.PerRequest.Value), n, what)
	}
	if m := r.Trend.PerSecond.Value * time.Minute.Seconds() / words.Mib; m >= 0.05 {
		s += fmt.Sprintf(", +%.1f MiB/min", m)
	}
	return s
}

// Growth returns how much the figure that decided a verdict grows: "+1,890 B/request", or
// "+4.00 objects/request" where things were counted, not weighed.
func Growth(t leak.Trend) string {
	if n, what := counted(t); what != "" {
		return fmt.Sprintf("%+.2f %s/request", n, what)
	}
	return words.SignedBytes(t.PerRequest.Value) + "/request"
}

// counted returns the growth per request of a signal that is a number of things, and what
// they are; "" if the signal is one of bytes.
func counted(t leak.Trend) (n float64, what string) {
	for _, c := range t.Signals {
		if c.Name == t.Signal && c.Unit != "B" {
			return c.Slope.Value, c.Unit
		}
	}
	return 0, ""
}

// Interval returns "95% CI 1,720 … 2,060 B", or nothing where there is no interval.
func Interval(e profile.Estimate) string {
	if ends := Ends(e); ends != "" {
		return "95% CI " + ends
	}
	return ""
}

// Ends returns an interval without its name, for a column that has it: "1,720 … 2,060 B".
func Ends(e profile.Estimate) string {
	if !e.Interval() || e.Lo == e.Hi {
		return ""
	}
	lo, hi := words.Bytes(e.Lo), words.Bytes(e.Hi)
	if value, unit, _ := strings.Cut(lo, " "); strings.HasSuffix(hi, " "+unit) {
		lo = value
	}
	return fmt.Sprintf("%s … %s", lo, hi)
}

// decidedInWords returns how what is reachable decided the verdict, where it did.
func decidedInWords(r *report.Record) string {
	if r.Trend.Reason == "" {
		return ""
	}
	return "; " + r.Trend.Reason
}

// signal returns the figure that decided the verdict.
func signal(r *report.Record) string {
	if r.Trend.Signal == "" {
		return "memory"
	}
	return string(r.Trend.Signal)
}

// Trend returns what the trend says where it found no leak.
func Trend(r *report.Record) string {
	t := r.Trend
	switch {
	case t.Verdict == leak.Steady:
		return fmt.Sprintf("the %s is steady: no growth above %s/request", signal(r), words.Bytes(t.Bound)) + decidedInWords(r)
	case t.Reason == "" && len(r.Samples) == 0:
		return "nothing was measured"
	case t.Reason == "":
		return "nothing can be said of its growth"
	case t.Remedy == "":
		return "no statement on growth is possible: " + t.Reason
	}
	return fmt.Sprintf("no statement on growth is possible: %s; %s", t.Reason, t.Remedy)
}
