package load

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFailuresOfTheTarget(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp",
		Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 34567}, Err: syscall.ECONNREFUSED}
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		dial    func(context.Context, string, string) (net.Conn, error)
		codes   map[string]uint64
		errors  []ErrorCount
		in      uint64
	}{
		{"status 500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, nil,
			map[string]uint64{"500": 10}, []ErrorCount{{"500 Internal Server Error", 10}}, 0},
		{"status of no name", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(599) }, nil,
			map[string]uint64{"599": 10}, []ErrorCount{{"status 599", 10}}, 0},
		{"refused", nil, func(context.Context, string, string) (net.Conn, error) { return nil, refused },
			map[string]uint64{"0": 10}, []ErrorCount{{"dial tcp ADDR: connection refused", 10}}, 0},
		{"no answer", hang, nil,
			map[string]uint64{"0": 10}, []ErrorCount{{errTimedOut.Error(), 10}}, 0},
		{"answer cut off", cutOff, nil,
			map[string]uint64{"0": 10}, []ErrorCount{{"unexpected EOF", 10}}, 70},
		{"answer that stalls", stall, nil,
			map[string]uint64{"0": 10}, []ErrorCount{{errTimedOut.Error(), 10}}, 70},
		{"connection closed", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil,
			map[string]uint64{"0": 10}, []ErrorCount{{"EOF", 10}}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := Plan{Requests: Post("/", "text/plain", []byte("abc")), Rate: 10, Duration: time.Second,
					Timeout: 300 * time.Millisecond, Dial: tt.dial}
				if p.Dial == nil {
					p.Dial = serve(t, tt.handler).Dial
				}
				var m Meter
				require.NoError(t, p.Drive(t.Context(), base, &m))
				s := m.Summary()
				assert.Equal(t, uint64(10), s.Requests)
				assert.Zero(t, s.Success)
				assert.Equal(t, tt.codes, s.Codes)
				assert.Equal(t, tt.errors, s.Errors)
				assert.Equal(t, tt.in, s.BytesIn)
				var failed uint64
				for _, sec := range s.PerSecond {
					failed += sec.Errors
				}
				assert.Equal(t, uint64(10), failed)
			})
		})
	}
}

func cutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = io.WriteString(w, "partial")
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func stall(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Length", "100")
	_, _ = io.WriteString(w, "partial")
	_ = http.NewResponseController(w).Flush()
	hang(w, r)
}

func TestSlowTargetFallsBehindAndIsNotBurstUpon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var inFlight, most atomic.Int64
		p := Plan{Requests: Get("/"), Rate: 10, Duration: 20 * time.Second, MaxWorkers: 4}
		s, _ := drive(t, p, func(_ http.ResponseWriter, _ *http.Request) {
			for n := inFlight.Add(1); n > most.Load(); {
				most.Store(n)
			}
			if time.Since(start) < 10*time.Second {
				time.Sleep(time.Second) // 4 a second is all it can do
			}
			inFlight.Add(-1)
		})
		assert.Equal(t, int64(4), most.Load())
		assert.Equal(t, 10.0, s.Planned)
		assert.InDelta(t, 7, s.Rate, 0.3)
		for _, sec := range s.PerSecond[1:10] {
			assert.InDelta(t, 4, sec.Requests, 1, "at %v", sec.At)
		}
		for _, sec := range s.PerSecond[12:20] {
			assert.Equal(t, uint64(10), sec.Requests, "at %v", sec.At)
		}
		assert.LessOrEqual(t, s.PerSecond[10].Requests, uint64(18), "some 60 were missed: nobody makes up for them")
	})
}
