package load

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const base = "http://target.test:8080"

func TestRateIsExactOverTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(3 * time.Millisecond)
			w.Write([]byte("hello"))
		})
		var m Meter
		start := time.Now()
		p := Plan{Requests: Get("/"), Rate: 50, Duration: 10 * time.Minute, Dial: n.Dial}
		require.NoError(t, p.Drive(t.Context(), base, &m))
		assert.Equal(t, 10*time.Minute, time.Since(start))

		s := m.Summary()
		assert.Equal(t, uint64(30_000), s.Requests)
		assert.Equal(t, 50.0, s.Planned)
		assert.Equal(t, 50.0, s.Rate)
		assert.Equal(t, 10*time.Minute, s.Duration)
		assert.Equal(t, 1.0, s.Success)
		assert.Equal(t, map[string]uint64{"200": 30_000}, s.Codes)
		assert.Empty(t, s.Errors)
		assert.Equal(t, uint64(5*30_000), s.BytesIn)
		assert.Equal(t, 3*time.Millisecond, s.Latency.P50)
		require.Len(t, s.PerSecond, 600)
		for i, sec := range s.PerSecond {
			assert.Equal(t, Second{At: time.Duration(i) * time.Second, Requests: 50, P99: 3 * time.Millisecond}, sec)
		}
	})
}

func TestCancelAbortsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(1450*time.Millisecond, cancel)
		var m Meter
		start := time.Now()
		p := Plan{Requests: Get("/"), Rate: 10, Duration: time.Hour, Dial: n.Dial}
		assert.ErrorIs(t, p.Drive(ctx, base, &m), context.Canceled)
		assert.Equal(t, 1450*time.Millisecond, time.Since(start))
		s := m.Summary()
		assert.Zero(t, s.Requests)
		assert.Equal(t, uint64(15), s.Cut)
	})
}
