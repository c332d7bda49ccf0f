package load

import "time"

// Summary is what was sent, and what came back, over the whole of a load. In JSON
// durations are integer nanoseconds.
type Summary struct {
	Started   time.Time         // wall clock at the load's start, UTC
	Planned   float64           // requests per second that were planned; 0 if the driver has no rate
	Rate      float64           // requests per second that were sent, over Duration; 0 if Duration is
	Duration  time.Duration     // time spent sending; answers may come for a moment longer
	Requests  uint64            // requests completed, failed ones included
	Cut       uint64            // requests broken off by the driver as the load ended: counted here and in Rate only
	Success   float64           // share of Requests that did not fail, 0 to 1; 0 if there were none
	Latency   Latency           // of Requests, failed ones included
	Codes     map[string]uint64 // Requests by status code; "0" is no whole answer, or no status
	Errors    []ErrorCount      // the ten most frequent, normalised, most first; then OtherErrors, if any: together all that failed
	BytesIn   uint64            // bytes of response bodies
	BytesOut  uint64            // bytes of request bodies
	PerSecond []Second          // the load's timeline without gaps; the last second may be a part of one
}

// Latency is the distribution of the time from sending a request to the end of its
// answer. Quantiles are estimates (t-digest): within 1% of rank, closest at the ends.
type Latency struct{ Mean, P50, P90, P95, P99, Max time.Duration }

// ErrorCount is an error's text with addresses, ports, numbers and ids taken out,
// and how often it was seen.
type ErrorCount struct {
	Text  string
	Count uint64
}

// OtherErrors is the text that stands for all errors not listed by their own.
const OtherErrors = "other errors"

// Second is one second of a load.
type Second struct {
	At       time.Duration // start of the second, since the load's start
	Requests uint64        // completed in it
	Errors   uint64        // of these, failed
	P99      time.Duration // of these, the 99th percentile of latency; 0 if there were none
}

// Recent is how a load went lately, for a line of progress.
type Recent struct {
	Over   time.Duration // how long that is: the last full seconds, at most ten; 0 if there is none yet
	Rate   float64       // requests completed per second
	P99    time.Duration // of latency, in the worst of these seconds
	Errors float64       // share of requests that failed, 0 to 1
}
