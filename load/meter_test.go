package load

import (
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestZeroMeter(t *testing.T) {
	var m Meter
	assert.Equal(t, Summary{}, m.Summary())
	assert.Equal(t, Recent{}, m.Recent())
	assert.Zero(t, m.Completed())
	m.End(time.Now())
	assert.Equal(t, Summary{}, m.Summary())
}

func TestMeterTimeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Meter
		m.Begin(2)
		m.Add(Operation{Code: 200, Latency: time.Millisecond})
		time.Sleep(500 * time.Millisecond)
		m.Add(Operation{Code: 503, Latency: 3 * time.Millisecond})
		time.Sleep(3 * time.Second) // 3.5 s
		m.Add(Operation{Code: 200, Latency: 2 * time.Millisecond})
		m.Add(Operation{Cut: true, Err: "cut"})
		assert.Equal(t, []Second{
			{At: 0, Requests: 2, Errors: 1, P99: 3 * time.Millisecond},
			{At: time.Second}, {At: 2 * time.Second},
			{At: 3 * time.Second, Requests: 1, P99: 2 * time.Millisecond},
		}, m.Summary().PerSecond)
		assert.Equal(t, uint64(3), m.Completed())

		time.Sleep(1500 * time.Millisecond) // 5 s
		m.End(time.Now())
		s := m.Summary()
		assert.Len(t, s.PerSecond, 5, "idle seconds up to the end are shown")
		assert.Equal(t, 5*time.Second, s.Duration)
		assert.Equal(t, 0.8, s.Rate, "three answered and one cut, in 5 s")
		assert.Equal(t, uint64(1), s.Cut)
		assert.InDelta(t, 2.0/3, s.Success, 1e-9)
		assert.Equal(t, []ErrorCount{{"503 Service Unavailable", 1}}, s.Errors)
	})
}

func TestMeterWithoutBeginCountsFromTheFirstAdd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Meter
		time.Sleep(time.Minute)
		m.Add(Operation{})
		time.Sleep(4 * time.Second)
		m.Add(Operation{Err: "broken"})
		s := m.Summary()
		assert.Equal(t, 4*time.Second, s.Duration)
		assert.Equal(t, 0.5, s.Rate)
		assert.Equal(t, 0.5, s.Success, "no status and no error is a success of another protocol")
		require.Len(t, s.PerSecond, 5)
		assert.Equal(t, uint64(1), s.PerSecond[4].Errors)
	})
}

func TestMeterGoesOnAfterAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, hello)
		var m Meter
		p := Plan{Requests: Get("/"), Rate: 10, Duration: 3 * time.Second, Dial: n.Dial}
		require.NoError(t, p.Drive(t.Context(), base, &m))
		time.Sleep(4 * time.Second)
		time.AfterFunc(2500*time.Millisecond, func() {
			assert.Equal(t, 9*time.Second, m.Recent().Over, "shown while it runs")
		})
		require.NoError(t, p.Drive(t.Context(), base, &m))
		s := m.Summary()
		assert.Equal(t, uint64(60), s.Requests)
		assert.Equal(t, 6*time.Second, s.Duration, "the pause is not sending")
		assert.Equal(t, 10.0, s.Rate)
		assert.Len(t, s.PerSecond, 10)
		assert.Zero(t, s.PerSecond[5].Requests)
	})
}

func TestRecent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Meter
		m.Begin(0)
		assert.Equal(t, Recent{}, m.Recent(), "no second is full yet")
		for i := range 30 {
			o := Operation{Code: 200, Latency: time.Duration(i) * time.Millisecond}
			if i == 25 {
				o.Code = 500
			}
			m.Add(o)
			m.Add(o)
			time.Sleep(time.Second)
		}
		assert.Equal(t, Recent{Over: 10 * time.Second, Rate: 2, P99: 29 * time.Millisecond, Errors: 0.1}, m.Recent())
		time.Sleep(5 * time.Second)
		assert.Equal(t, 1.0, m.Recent().Rate, "a target that no longer answers shows at once")
		m.End(time.Now())
		time.Sleep(time.Hour)
		assert.Equal(t, 1.0, m.Recent().Rate)
		assert.Len(t, m.Summary().PerSecond, 35)
	})
}

func TestMeterBearsWrongOperations(t *testing.T) {
	var m Meter
	m.Begin(math.NaN())
	for i := range 1000 {
		m.Add(Operation{Code: i * 1000, Latency: -time.Hour, Start: time.Time{}})
	}
	m.Add(Operation{Latency: math.MaxInt64})
	m.End(time.Time{})
	s := m.Summary()
	assert.Zero(t, s.Planned)
	assert.Equal(t, map[string]uint64{"0": 1001}, s.Codes)
	assert.Zero(t, s.Latency.P50)
	assert.LessOrEqual(t, len(s.PerSecond), 60)
	_, err := json.Marshal(s)
	assert.NoError(t, err)
}

func TestMeterIsSafeForConcurrentUse(t *testing.T) {
	var m Meter
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 500 {
				m.Begin(5)
				m.Add(Operation{Code: 200 + i%2*300, Latency: time.Millisecond, BytesIn: 2, BytesOut: 1})
				m.Completed()
				if i%100 == 0 {
					m.Recent()
					m.Summary()
				}
			}
		})
	}
	wg.Wait()
	s := m.Summary()
	assert.Equal(t, uint64(4000), s.Requests)
	assert.Equal(t, map[string]uint64{"200": 2000, "500": 2000}, s.Codes)
	assert.Equal(t, uint64(8000), s.BytesIn)
	assert.Equal(t, uint64(4000), s.BytesOut)
	assert.Equal(t, 0.5, s.Success)
}

func TestMeterMemoryIsBounded(t *testing.T) {
	const n = 100_000
	var m Meter
	m.Begin(0)
	before := heap()
	for i := range n {
		m.Add(Operation{Err: "broken " + letters(i), Latency: time.Duration(i)})
	}
	after := heap()
	assert.Less(t, int64(after)-int64(before), int64(1<<20))
	assert.LessOrEqual(t, len(m.errors.counts), maxErrorTexts)

	s := m.Summary()
	require.Len(t, s.Errors, topErrors+1)
	assert.Equal(t, OtherErrors, s.Errors[topErrors].Text)
	var sum uint64
	for _, e := range s.Errors {
		sum += e.Count
	}
	assert.Equal(t, uint64(n), sum)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// letters is i without digits: a text that stays distinct when normalised.
func letters(i int) string {
	return strings.Map(func(r rune) rune { return r - '0' + 'g' }, fmt.Sprint(i))
}

func TestQuantilesAgreeWithTheTruth(t *testing.T) {
	var m Meter
	for i := range 10_000 {
		m.Add(Operation{Latency: time.Duration((i*7919)%10_000+1) * time.Microsecond})
	}
	l := m.Summary().Latency
	assert.InEpsilon(t, 5000*time.Microsecond, l.P50, 0.01)
	assert.InEpsilon(t, 9000*time.Microsecond, l.P90, 0.01)
	assert.InEpsilon(t, 9500*time.Microsecond, l.P95, 0.01)
	assert.InEpsilon(t, 9900*time.Microsecond, l.P99, 0.01)
	assert.Equal(t, 10_000*time.Microsecond, l.Max)
	assert.Equal(t, 5000500*time.Nanosecond, l.Mean)
}

func TestSummaryAsJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Meter
		m.Begin(1)
		m.Add(Operation{Code: 200, Latency: 2 * time.Millisecond, BytesIn: 5})
		time.Sleep(time.Second)
		m.Add(Operation{Err: "dial tcp 127.0.0.1:8080: connect: connection refused", Latency: 4 * time.Millisecond, BytesOut: 3})
		m.Add(Operation{Cut: true})
		time.Sleep(time.Second)
		m.End(time.Now())
		s := m.Summary()
		data, err := json.Marshal(s)
		require.NoError(t, err)
		assert.JSONEq(t, `{
			"Started": "2000-01-01T00:00:00Z", "Planned": 1, "Rate": 1.5, "Duration": 2000000000,
			"Requests": 2, "Cut": 1, "Success": 0.5,
			"Latency": {"Mean": 3000000, "P50": 3000000, "P90": 4000000, "P95": 4000000, "P99": 4000000, "Max": 4000000},
			"Codes": {"0": 1, "200": 1},
			"Errors": [{"Text": "dial tcp ADDR: connect: connection refused", "Count": 1}],
			"BytesIn": 5, "BytesOut": 3,
			"PerSecond": [
				{"At": 0, "Requests": 1, "Errors": 0, "P99": 2000000},
				{"At": 1000000000, "Requests": 1, "Errors": 1, "P99": 4000000}
			]
		}`, string(data))
		var back Summary
		require.NoError(t, json.Unmarshal(data, &back))
		assert.Equal(t, s, back)
	})
}

func BenchmarkMeterAdd(b *testing.B) {
	for _, o := range []Operation{
		{Code: 200, Latency: time.Millisecond},
		{Err: `Get "http://127.0.0.1:8080/x": dial tcp 127.0.0.1:8080: connect: connection refused`},
	} {
		b.Run(o.Err, func(b *testing.B) {
			var m Meter
			b.ReportAllocs()
			for b.Loop() {
				m.Add(o)
			}
		})
	}
}
