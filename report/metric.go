package report

import "slices"

// Metric names a figure that a run is known by, as benchmarks write its unit: "peak-B".
// What ends in B is bytes, in B/req bytes per request.
type Metric string

// The metrics. Runs are compared by those up to RequestRate, in this order.
const (
	GrowthPerRequest  Metric = "growth-B/req" // bytes per request
	PeakWorkingSet    Metric = "peak-B"
	AverageWorkingSet Metric = "avg-B"     // time-weighted mean over the measured load
	SettledWorkingSet Metric = "settled-B" // when the load has stopped
	LiveHeap          Metric = "live-B"    // after the last forced collection
	P99Latency        Metric = "p99-sec"   // seconds
	RequestRate       Metric = "req/sec"   // requests per second: more is better

	P95WorkingSet Metric = "p95-B"
	Headroom      Metric = "headroom-B" // bytes between the memory limit and the peak: more is better
	OOMKillCount  Metric = "oom-kills"
)

var compared = []Metric{GrowthPerRequest, PeakWorkingSet, AverageWorkingSet, SettledWorkingSet, LiveHeap, P99Latency, RequestRate}

// Metrics returns the metrics that runs are compared by, the most important first.
func Metrics() []Metric { return slices.Clone(compared) }

var metricNames = map[Metric]string{
	GrowthPerRequest: "growth per request", PeakWorkingSet: "peak working set", AverageWorkingSet: "average working set",
	SettledWorkingSet: "after cool-down", LiveHeap: "live heap after GC", P99Latency: "p99 latency", RequestRate: "requests per second",
	P95WorkingSet: "p95 working set", Headroom: "headroom to limit", OOMKillCount: "no OOM kill",
}

// Name returns what the metric is called: "peak working set".
func (m Metric) Name() string {
	if name, ok := metricNames[m]; ok {
		return name
	}
	return string(m)
}

// More reports whether more of the metric is better.
func (m Metric) More() bool { return m == RequestRate || m == Headroom }
