package load

import "time"

// Summary is what was sent, and what came back, over the whole of a load.
type Summary struct {
	Planned   float64       // requests per second that were planned; 0 if the driver has no rate
	Rate      float64       // requests per second that were sent
	Duration  time.Duration // from the first request to the last answer
	Requests  uint64        // requests completed, failed ones included
	Success   float64       // share of requests answered by a status of 200 to 399, 0 to 1
	Latency   Latency
	Codes     map[string]uint64 // requests by status code; "0" is no answer
	Errors    []ErrorCount      // the ten most frequent errors, normalised
	BytesIn   uint64            // bytes of response bodies
	BytesOut  uint64            // bytes of request bodies
	PerSecond []Second          // the load's timeline
}

// Latency is the distribution of the time from sending a request to the end of its answer.
type Latency struct{ Mean, P50, P90, P95, P99, Max time.Duration }

// ErrorCount is an error's text with addresses, ports and numbers taken out, and
// how often it was seen.
type ErrorCount struct {
	Text  string
	Count uint64
}

// Second is one second of a load.
type Second struct {
	At       time.Duration // start of the second, since the load's start
	Requests uint64        // completed in it
	Errors   uint64        // of these, failed
	P99      time.Duration // of these, the 99th percentile of latency
}
