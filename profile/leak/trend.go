package leak

import (
	"fmt"
	"time"

	"github.com/memgate/memgate/profile"
)

// Verdict is what can be said of a target's memory under load. The zero value
// claims nothing. It is written as its word in JSON and CSV.
type Verdict int

// The verdicts.
const (
	Inconclusive Verdict = iota // the evidence does not decide: Trend.Reason says why, Trend.Remedy what would
	Steady                      // growth above Trend.Bound can be excluded
	Leaking                     // sustained growth with requests
)

var verdictNames = []string{"inconclusive", "steady", "leaking"}

// String returns "inconclusive", "steady" or "leaking".
func (v Verdict) String() string {
	if v < 0 || int(v) >= len(verdictNames) {
		return fmt.Sprintf("Verdict(%d)", int(v))
	}
	return verdictNames[v]
}

// MarshalText writes the verdict's word.
func (v Verdict) MarshalText() ([]byte, error) {
	if v < 0 || int(v) >= len(verdictNames) {
		return nil, fmt.Errorf("write verdict: %d is none of inconclusive (0), steady (1), leaking (2)", int(v))
	}
	return []byte(v.String()), nil
}

// UnmarshalText reads the word that MarshalText writes.
func (v *Verdict) UnmarshalText(text []byte) error {
	for i, name := range verdictNames {
		if string(text) == name {
			*v = Verdict(i)
			return nil
		}
	}
	return fmt.Errorf("read verdict: %q is none of inconclusive, steady, leaking", text)
}

// Trend is what Detect found.
type Trend struct {
	Verdict Verdict
	Signal  SignalName // the figure that decided

	PerRequest profile.Estimate // growth in bytes per completed request
	PerSecond  profile.Estimate // growth in bytes per second
	Onset      Onset            // when growth of the live heap set in, if that was in the midst of the window and the run is not Steady
	Objects    profile.Estimate // growth in heap objects per completed request; no Points where they were not counted
	Bound      float64          // if Steady: no growth above this many bytes per request

	Threshold  float64 // growth over the window below which nothing is called a leak, in bytes
	Margin     float64 // growth over the window that Steady excludes, in bytes
	Detectable float64 // the leak that this run would have found in 4 of 5 cases, in bytes per request

	Memory    float64 // the working set at the window's end, in bytes; 0 if it was not sampled
	Amplified float64 // bytes that memory grows by for each byte of PerRequest: what the runtime lets a heap grow to, over what is live

	Shape   string   // flat, plateau, cache fill, step, sawtooth, leak; growth where its end is not seen
	Signals []Signal // what each figure says by itself
	Split   []Cause  // the working set's growth over the window by cause, largest first

	Reason string // if Inconclusive: why; else how what is reachable in the heap decided, where it did
	Remedy string // if Inconclusive: what would decide it

	// More is how much longer the load must run for a verdict, if it is Inconclusive
	// because there is too little data; 0 where more of the same would not decide it.
	More time.Duration
}

// Signal is what one figure says by itself.
type Signal struct {
	Name      SignalName
	Verdict   Verdict          // of this figure alone
	Slope     profile.Estimate // growth per completed request, in Unit
	Unit      string           // "B", "objects", "goroutines", "file descriptors" or "threads"
	Bound     float64          // if Steady: no growth above this per request, in Unit
	Threshold float64          // growth over the window below which nothing is called a leak, in Unit
	Margin    float64          // growth over the window that Steady excludes, in Unit
	Reasons   []string         // why it is not Leaking
}

// Cause is a part of memory and how much it grew over the window.
type Cause struct {
	Name  string  // "live heap", "stacks", "idle heap", "off-heap", "page cache", "tmpfs", "kernel", "swap"
	Bytes float64 // growth from the window's start to its end; negative if it shrank
}
