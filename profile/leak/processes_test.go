package leak

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/memgate/memgate/profile"
)

// TestDescriptorsAndThreadsAreSignals: a target whose memory is flat leaks what the
// kernel counts.
func TestDescriptorsAndThreadsAreSignals(t *testing.T) {
	run := func(fds, threads func(i uint64) uint64) Trend {
		e := Evidence{Planned: 100, Window: time.Minute}
		for i := range uint64(601) {
			e.Samples = append(e.Samples, profile.Sample{At: time.Duration(i) * 100 * time.Millisecond, Requests: 10 * i, Memory: profile.Memory{Usage: 50 << 20, WorkingSet: 50 << 20}})
		}
		for i := range uint64(61) {
			e.Processes = append(e.Processes, profile.Processes{At: time.Duration(i) * time.Second, Requests: 100 * i, Count: 1, FDs: fds(i), Threads: threads(i)})
		}
		return Detect(e)
	}
	flat := func(uint64) uint64 { return 10 }
	grows := func(i uint64) uint64 { return 10 + 100*i }

	steady := run(flat, flat)
	assert.Equal(t, Steady, steady.Verdict, steady.Reason)
	for name, trend := range map[SignalName]Trend{"file descriptors": run(grows, flat), "threads": run(flat, grows)} {
		assert.Equal(t, Leaking, trend.Verdict, trend.Reason)
		assert.Equal(t, name, trend.Signal)
		assert.InDelta(t, 1, signalOf(trend, name).Slope.Value, 0.05, "one with each request")
		assert.EqualValues(t, name, signalOf(trend, name).Unit)
	}
	unread := run(func(uint64) uint64 { return 0 }, flat)
	assert.Empty(t, signalOf(unread, "file descriptors").Name, "what was not read is no signal")
}

func signalOf(t Trend, name SignalName) Signal {
	for _, c := range t.Signals {
		if c.Name == name {
			return c
		}
	}
	return Signal{}
}
