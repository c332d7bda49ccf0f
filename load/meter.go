package load

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// recentSeconds is how far back Recent looks, at most.
const recentSeconds = 10

// Meter counts a load's operations as they complete. Its zero value is ready, it
// is safe for concurrent use, and must not be copied.
//
// Its memory does not grow with the number of operations: latencies go into a
// t-digest, errors into a bounded table. It grows with time, by some 40 bytes a
// second for the timeline. Seconds are counted from Begin, or from the first Add
// if there was no Begin; an operation belongs to the second in which it was added.
type Meter struct {
	completed atomic.Uint64 // written under mu, read without
	made      atomic.Uint64 // requests that were numbered so far

	mu          sync.Mutex
	begun       time.Time     // the load's start; zero if there was none yet
	since       time.Time     // start of the stretch of sending that is under way; zero if none is
	sent        time.Duration // length of earlier stretches
	last        time.Time     // of the latest Add
	planned     float64
	cut, failed uint64
	in, out     uint64
	latency     vegeta.LatencyMetrics
	codes       map[int]uint64
	errors      errorTable
	past        []Second // seconds that are over, without gaps
	current     openSecond
}

// openSecond is the second that is running.
type openSecond struct {
	Second
	latency vegeta.LatencyMetrics
}

// closed returns the second as it stands in the timeline.
func (s openSecond) closed() Second {
	if s.Requests > 0 {
		s.P99 = s.latency.Quantile(0.99)
	}
	return s.Second
}

// Follow makes the meter number requests from where before has ended: what a Plan's Each
// makes of its number is new then. It is called before anything is sent.
func (m *Meter) Follow(before *Meter) { m.made.Store(before.made.Load()) }

// number returns the number of the next request, from 0.
func (m *Meter) number() uint64 { return m.made.Add(1) - 1 }

// Begin says that the load starts now and plans to send rate requests per second,
// 0 if there is no such plan. After an End it goes on with the same load: the
// timeline runs through, Duration is the time spent sending.
func (m *Meter) Begin(rate float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.start(time.Now())
	if rate < 0 || math.IsNaN(rate) || math.IsInf(rate, 0) {
		rate = 0 // JSON has no word for these
	}
	m.planned = rate
}

// End says that nothing was sent after at. Operations that were in flight then may
// still be added.
func (m *Meter) End(at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.since.IsZero() || at.Before(m.since) {
		return
	}
	m.sent += at.Sub(m.since)
	m.since = time.Time{}
	m.advance(at)
}

// start opens a stretch of sending, if none is open, and the load with the first.
func (m *Meter) start(now time.Time) {
	if m.since.IsZero() {
		m.since = now
	}
	if m.begun.IsZero() {
		m.begun = now
	}
}

// Add counts one operation that has just completed.
func (m *Meter) Add(o Operation) {
	text := errorText(o) // outside the lock: it takes microseconds

	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if m.begun.IsZero() {
		m.start(now)
	}
	m.last = now
	if o.Cut {
		m.cut++
		return
	}
	m.advance(now)
	m.count(o)
	if text != "" {
		m.failed++
		m.current.Errors++
		m.errors.add(text)
	}
	m.completed.Add(1)
}

// count adds what does not depend on success.
func (m *Meter) count(o Operation) {
	if o.Code < 100 || o.Code > 999 {
		o.Code = 0 // keeps the table of codes bounded
	}
	if m.codes == nil {
		m.codes = map[int]uint64{}
	}
	m.codes[o.Code]++
	m.in += o.BytesIn
	m.out += o.BytesOut
	m.latency.Add(max(0, o.Latency))
	m.current.Requests++
	m.current.latency.Add(max(0, o.Latency))
}

// advance closes the seconds that are over at now.
func (m *Meter) advance(now time.Time) {
	for now.Sub(m.begun) >= m.current.At+time.Second {
		next := m.current.At + time.Second
		m.past = append(m.past, m.current.closed())
		m.current = openSecond{Second: Second{At: next}}
	}
}

// Completed returns the number of operations added so far, cut ones excepted. It takes
// no lock.
func (m *Meter) Completed() uint64 { return m.completed.Load() }

// Recent returns how the load went in the last full seconds.
func (m *Meter) Recent() Recent {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.since.IsZero() {
		m.advance(time.Now())
	}
	var (
		r                Recent
		requests, failed uint64
	)
	for _, s := range m.past[max(0, len(m.past)-recentSeconds):] {
		r.Over += time.Second
		requests += s.Requests
		failed += s.Errors
		r.P99 = max(r.P99, s.P99)
	}
	if requests > 0 {
		r.Rate = float64(requests) / r.Over.Seconds()
		r.Errors = float64(failed) / float64(requests)
	}
	return r
}

// Summary returns everything counted so far.
func (m *Meter) Summary() Summary {
	m.mu.Lock()
	defer m.mu.Unlock()
	requests := m.completed.Load()
	s := Summary{
		Planned:   m.planned,
		Duration:  m.duration(),
		Requests:  requests,
		Cut:       m.cut,
		Codes:     m.codeNames(),
		Errors:    m.errors.top(),
		BytesIn:   m.in,
		BytesOut:  m.out,
		PerSecond: append([]Second(nil), m.past...),
	}
	if !m.begun.IsZero() {
		s.Started = m.begun.UTC().Round(0) // without the monotonic clock: it cannot be written
	}
	if s.Duration > 0 {
		s.Rate = float64(requests+m.cut) / s.Duration.Seconds()
	}
	if requests > 0 {
		s.Success = 1 - float64(m.failed)/float64(requests)
		s.Latency = distribution(m.latency, requests)
	}
	if m.current.Requests > 0 {
		s.PerSecond = append(s.PerSecond, m.current.closed())
	}
	return s
}

// duration returns how long the load has been sending.
func (m *Meter) duration() time.Duration {
	if m.since.IsZero() {
		return m.sent
	}
	return m.sent + max(0, m.last.Sub(m.since))
}

func (m *Meter) codeNames() map[string]uint64 {
	if len(m.codes) == 0 {
		return nil
	}
	names := make(map[string]uint64, len(m.codes))
	for code, n := range m.codes {
		names[strconv.Itoa(code)] = n
	}
	return names
}

// distribution returns what l says of n operations, at least one.
func distribution(l vegeta.LatencyMetrics, n uint64) Latency {
	return Latency{
		Mean: time.Duration(float64(l.Total) / float64(n)),
		P50:  l.Quantile(0.50),
		P90:  l.Quantile(0.90),
		P95:  l.Quantile(0.95),
		P99:  l.Quantile(0.99),
		Max:  l.Max,
	}
}

// errorText returns the normalised error of an operation, "" if it did not fail.
func errorText(o Operation) string {
	switch {
	case o.Cut || !o.failed():
		return ""
	case o.Err != "":
		return normalise(o.Err)
	case http.StatusText(o.Code) == "":
		return "status " + strconv.Itoa(o.Code)
	}
	return strconv.Itoa(o.Code) + " " + http.StatusText(o.Code)
}
