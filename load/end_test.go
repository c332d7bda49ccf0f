package load

import (
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDeadlineIsThePlannedEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, hello)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var m Meter
		p := Plan{Requests: Get("/"), Rate: 10, Duration: time.Hour, Dial: n.Dial}
		start := time.Now()
		require.NoError(t, p.Drive(ctx, base, &m))
		assert.Equal(t, 5*time.Second, time.Since(start))
		assert.Equal(t, uint64(50), m.Summary().Requests)
		assert.Equal(t, 5*time.Second, m.Summary().Duration)
	})
}

func TestDeadlineThatHasPassedSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, hello)
		ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer cancel()
		var m Meter
		p := Plan{Requests: Get("/"), Rate: 10, Duration: time.Hour, Dial: n.Dial}
		require.NoError(t, p.Drive(ctx, base, &m))
		assert.Zero(t, m.Summary().Requests)
		assert.Empty(t, n.dialled())
	})
}

func TestAnswersMayComeForAGraceAfterTheEnd(t *testing.T) {
	for _, tt := range []struct {
		name           string
		latency, limit time.Duration
		requests, cut  uint64
		took           time.Duration
		errors         []ErrorCount
	}{
		{"in time", 1500 * time.Millisecond, 0, 30, 0, 4400 * time.Millisecond, nil},
		{"too late", 2450 * time.Millisecond, 0, 26, 4, 5 * time.Second, nil},
		{"never", time.Hour, 0, 0, 30, 5 * time.Second, nil},
		{"timed out first", time.Hour, 500 * time.Millisecond, 30, 0, 3400 * time.Millisecond,
			[]ErrorCount{{errTimedOut.Error(), 30}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				p := Plan{Requests: Get("/"), Rate: 10, Duration: 3 * time.Second, Timeout: tt.limit}
				s, _ := drive(t, p, func(_ http.ResponseWriter, r *http.Request) {
					select {
					case <-time.After(tt.latency):
					case <-r.Context().Done():
					}
				})
				assert.Equal(t, tt.took, time.Since(start))
				assert.Equal(t, tt.requests, s.Requests)
				assert.Equal(t, tt.cut, s.Cut)
				assert.Equal(t, tt.errors, s.Errors)
				assert.Equal(t, 10.0, s.Rate)
				assert.Equal(t, 3*time.Second, s.Duration)
			})
		})
	}
}

func TestCancelAbortsAtOnce(t *testing.T) {
	for _, tt := range []struct {
		name    string
		rate    float64
		workers int
		after   time.Duration
		cut     uint64
	}{
		{"with requests hanging", 10, 0, 1450 * time.Millisecond, 15},
		{"between two requests far apart", 0.1, 0, 3 * time.Second, 1},
		{"with all workers busy", 10, 4, 1450 * time.Millisecond, 4},
		{"in the grace after the end", 1, 0, 5500 * time.Millisecond, 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := serve(t, hang)
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(tt.after, cancel)
				var m Meter
				start := time.Now()
				p := Plan{Requests: Get("/"), Rate: tt.rate, Duration: 5 * time.Second, MaxWorkers: tt.workers, Dial: n.Dial}
				assert.Equal(t, context.Canceled, p.Drive(ctx, base, &m))
				assert.Equal(t, tt.after, time.Since(start))
				assert.Zero(t, m.Summary().Requests)
				assert.Empty(t, m.Summary().Errors, "the target is not to blame")
				assert.Equal(t, tt.cut, m.Summary().Cut)
			})
		})
	}
}

func TestCancelAbortsADialThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(450*time.Millisecond, cancel)
		var dials dialsThatHang
		p := Plan{Requests: Get("/"), Rate: 10, Duration: time.Hour, Dial: dials.dial}
		var m Meter
		start := time.Now()
		assert.Equal(t, context.Canceled, p.Drive(ctx, base, &m))
		assert.Equal(t, 450*time.Millisecond, time.Since(start))
		assert.Equal(t, uint64(5), m.Summary().Cut)
		synctest.Wait()
		assert.Zero(t, dials.running.Load())
	})
}

func TestDialsThatHangDoNotPileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dials dialsThatHang
		p := Plan{Requests: Get("/"), Rate: 10, Duration: time.Minute, Timeout: time.Second, Dial: dials.dial}
		var m Meter
		require.NoError(t, p.Drive(t.Context(), base, &m))
		assert.Equal(t, []ErrorCount{{errTimedOut.Error(), 600}}, m.Summary().Errors)
		assert.LessOrEqual(t, dials.most.Load(), int64(20))
	})
}

type dialsThatHang struct{ running, most atomic.Int64 }

func (d *dialsThatHang) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	d.most.Store(max(d.most.Load(), d.running.Add(1)))
	defer d.running.Add(-1)
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestNoConnectionIsLeftWhenDriveReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/hang" {
				hang(w, r)
				return
			}
			time.Sleep(100 * time.Millisecond)
		})
		var mu sync.Mutex
		open := map[net.Conn]bool{}
		p := Plan{Requests: Get("/hang", "/", "/", "/"), Rate: 100, Duration: time.Second,
			Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
				c, err := n.Dial(ctx, network, addr)
				mu.Lock()
				defer mu.Unlock()
				open[c] = true
				return c, err
			}}
		require.NoError(t, p.Drive(t.Context(), base, new(Meter)))
		mu.Lock()
		defer mu.Unlock()
		require.NotEmpty(t, open)
		for c := range open {
			_, err := c.Write([]byte("x"))
			assert.ErrorIs(t, err, io.ErrClosedPipe)
		}
	})
}

func TestEachThatFailsEndsTheLoad(t *testing.T) {
	for _, tt := range []struct {
		name string
		bad  func() Request
		want string
	}{
		{"bad request", func() Request { return Request{Path: "http://elsewhere.test/"} },
			`load plan: Each(5): path "http://elsewhere.test/" is a whole URL`},
		{"panic", func() Request { return Get()[5] },
			"load plan: Each(5) panicked: runtime error: index out of range [5] with length 0"},
		{"goexit", func() Request { runtime.Goexit(); return Request{} },
			"load plan: Each(5) did not return"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := serve(t, hello)
				p := Plan{Rate: 10, Duration: time.Hour, Dial: n.Dial, Each: func(i uint64) Request {
					if i == 5 {
						return tt.bad()
					}
					return Request{Path: "/"}
				}}
				var m Meter
				start := time.Now()
				err := p.Drive(t.Context(), base, &m)
				require.ErrorContains(t, err, tt.want)
				assert.Equal(t, 500*time.Millisecond, time.Since(start), "at once")
				assert.Equal(t, uint64(5), m.Summary().Requests)
			})
		})
	}
}
