package profile

import "time"

// Verdict is what can be said of a target's memory under load. The zero value
// claims nothing.
type Verdict int

const (
	Inconclusive Verdict = iota // the evidence does not decide: Trend.Reason says why, Trend.Remedy what would
	Steady                      // growth above Trend.Bound can be excluded
	Leaking                     // sustained growth with requests
)

var verdictNames = []string{"inconclusive", "steady", "leaking"}

// String is "inconclusive", "steady" or "leaking".
func (v Verdict) String() string { return verdictNames[v] }

// Estimate is a value with its 95 % interval.
type Estimate struct{ Value, Lo, Hi float64 }

// Evidence is what a verdict is made of: the measured window of a run.
type Evidence struct {
	Samples Series        // the target's memory, from the start of the measured load to its end
	Floors  []Floor       // live heap after forced collections in that window; none where there is no pprof
	Planned float64       // requests per second that were planned; 0 if not known
	Window  time.Duration // length of the measured load
}

// Trend is what Detect found.
type Trend struct {
	Verdict Verdict
	Channel string // the figure that decided: "live heap", "heap objects", "working set", …

	PerRequest Estimate // growth in bytes per completed request
	PerSecond  Estimate // growth in bytes per second
	Objects    Estimate // growth in heap objects per completed request; zero where they were not counted
	Bound      float64  // if Steady: no growth above this many bytes per request

	Reason string // if Inconclusive: why
	Remedy string // if Inconclusive: what would decide it
}
