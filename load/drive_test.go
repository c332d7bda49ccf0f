package load

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const base = "http://target.test:8080"

func hello(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }

// hang answers nothing until the client has gone, which the server notices once
// the request's body is read.
func hang(_ http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// drive runs p against handler in memory and returns what came of it. It must run
// in a synctest bubble, which also proves that no goroutine is left.
func drive(t *testing.T, p Plan, handler http.HandlerFunc) (Summary, *network) {
	t.Helper()
	n := serve(t, handler)
	p.Dial = n.Dial
	var m Meter
	require.NoError(t, p.Drive(t.Context(), base, &m))
	return m.Summary(), n
}

func TestRateIsExactOverTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s, _ := drive(t, Plan{Requests: Get("/"), Rate: 10, Duration: 10 * time.Minute},
			func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(3 * time.Millisecond)
				hello(w, r)
			})
		assert.Equal(t, 10*time.Minute, time.Since(start))
		assert.Equal(t, start.UTC().Round(0), s.Started)
		assert.Equal(t, uint64(6_000), s.Requests)
		assert.Equal(t, 10.0, s.Planned)
		assert.Equal(t, 10.0, s.Rate)
		assert.Equal(t, 10*time.Minute, s.Duration)
		assert.Equal(t, 1.0, s.Success)
		assert.Equal(t, map[string]uint64{"200": 6_000}, s.Codes)
		assert.Empty(t, s.Errors)
		assert.Equal(t, uint64(5*6_000), s.BytesIn)
		ms := 3 * time.Millisecond
		assert.Equal(t, Latency{Mean: ms, P50: ms, P90: ms, P95: ms, P99: ms, Max: ms}, s.Latency)
		require.Len(t, s.PerSecond, 600)
		for i, sec := range s.PerSecond {
			require.Equal(t, Second{At: time.Duration(i) * time.Second, Requests: 10, P99: ms}, sec)
		}
	})
}

func TestRateTimesDurationAreSent(t *testing.T) {
	for _, tt := range []struct {
		rate     float64
		duration time.Duration
		want     uint64
	}{
		{0.1, time.Minute, 6},
		{0.1, 3 * time.Second, 1},
		{0.5, 10 * time.Second, 5},
		{0.7, 10 * time.Second, 7},
		{1.1, 30 * time.Second, 33}, // 33/1.1 is a little less than 30 in floating point
		{3, 10 * time.Second, 30},
		{2000, 2 * time.Second, 4000},
	} {
		t.Run(strconv.FormatFloat(tt.rate, 'g', -1, 64), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				s, _ := drive(t, Plan{Requests: Get("/"), Rate: tt.rate, Duration: tt.duration}, hello)
				assert.Equal(t, tt.want, s.Requests)
				assert.InDelta(t, float64(tt.want)/tt.duration.Seconds(), s.Rate, 1e-9)
				assert.Equal(t, tt.duration, time.Since(start), "a load lasts as planned")
			})
		})
	}
}

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
				s, _ := drive(t, p, func(w http.ResponseWriter, r *http.Request) {
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

// dialsThatHang counts connections being made to where nothing answers.
type dialsThatHang struct{ running, most atomic.Int64 }

func (d *dialsThatHang) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	d.most.Store(max(d.most.Load(), d.running.Add(1)))
	defer d.running.Add(-1)
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestConnectionsAreKeptAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, n := drive(t, Plan{Requests: Get("/"), Rate: 10, Duration: 10 * time.Second},
			func(http.ResponseWriter, *http.Request) {
				now := time.Now()
				time.Sleep(now.Truncate(time.Second).Add(999 * time.Millisecond).Sub(now))
			})
		assert.Len(t, n.dialled(), 10, "ten are answered at a time, and all ten used again")
	})
}

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

// cutOff promises 100 bytes, sends 7 and hangs up.
func cutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	io.WriteString(w, "partial")
	http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// stall promises 100 bytes, sends 7 and waits.
func stall(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Length", "100")
	io.WriteString(w, "partial")
	http.NewResponseController(w).Flush()
	hang(w, r)
}

func TestSlowTargetFallsBehindAndIsNotBurstUpon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var inFlight, most atomic.Int64
		p := Plan{Requests: Get("/"), Rate: 10, Duration: 20 * time.Second, MaxWorkers: 4}
		s, _ := drive(t, p, func(w http.ResponseWriter, r *http.Request) {
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

func TestWhatIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			mu  sync.Mutex
			got []*http.Request
			in  []string
		)
		post := Post("/orders?a=%20b", "application/json", []byte(`{"n":1}`))[0]
		post.Header.Set("Host", "shop.example")
		s, n := drive(t, Plan{Requests: []Request{post}, Rate: 1, Duration: 2 * time.Second},
			func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				mu.Lock()
				defer mu.Unlock()
				got, in = append(got, r), append(in, string(body))
			})
		assert.Equal(t, uint64(14), s.BytesOut)
		assert.Equal(t, []string{"target.test:8080"}, n.dialled(), "one connection is enough, and only to base")
		assert.Equal(t, []string{`{"n":1}`, `{"n":1}`}, in)
		require.Len(t, got, 2)
		assert.Equal(t, "POST", got[1].Method)
		assert.Equal(t, "/orders?a=%20b", got[1].RequestURI)
		assert.Equal(t, "shop.example", got[1].Host)
		assert.Equal(t, http.Header{
			"Content-Type": {"application/json"}, "Content-Length": {"7"}, "User-Agent": {"Go-http-client/1.1"},
		}, got[1].Header, "nothing of Vegeta, and no compression that would be undone")
	})
}

func TestRedirectIsTheAnswer(t *testing.T) {
	for _, location := range []string{"http://elsewhere.test/", "/again", "", "http://[bad"} {
		t.Run(location, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, n := drive(t, Plan{Requests: Get("/"), Rate: 1, Duration: 3 * time.Second},
					func(w http.ResponseWriter, _ *http.Request) {
						w.Header().Set("Location", location)
						w.WriteHeader(http.StatusFound)
					})
				assert.Equal(t, uint64(3), s.Requests)
				for _, addr := range n.dialled() {
					assert.Equal(t, "target.test:8080", addr)
				}
				if location == "http://[bad" {
					assert.Zero(t, s.Success)
					require.Len(t, s.Errors, 1)
					assert.Contains(t, s.Errors[0].Text, "Location")
					return
				}
				assert.Equal(t, map[string]uint64{"302": 3}, s.Codes)
				assert.Equal(t, 1.0, s.Success)
			})
		})
	}
}

func TestProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	assert.Nil(t, dialer{}.pool(1).Proxy)
}

func TestConnectionsGoToBaseOnly(t *testing.T) {
	for given, want := range map[string]string{
		"http://a.test": "a.test:80", "https://a.test": "a.test:443", "http://[::1]:81/x": "[::1]:81",
	} {
		u, err := url.Parse(given)
		require.NoError(t, err)
		assert.Equal(t, want, address(u))
	}

	var asked string
	d := dialer{address: "a.test:80", timeout: time.Minute,
		connect: func(_ context.Context, _, addr string) (net.Conn, error) {
			asked = addr
			return nil, io.EOF
		}}
	_, err := d.dial(t.Context(), "tcp", "elsewhere.test:80")
	assert.ErrorIs(t, err, io.EOF)
	assert.Equal(t, "a.test:80", asked)
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

func TestEachMakesRequestsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		seen := map[string]bool{}
		var order []uint64
		p := Plan{Rate: 100, Duration: time.Second, Each: func(i uint64) Request {
			order = append(order, i) // one call at a time
			time.Sleep(time.Millisecond)
			return Request{Path: "/" + strconv.FormatUint(i, 10)}
		}}
		s, _ := drive(t, p, func(_ http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			seen[r.URL.Path] = true
		})
		assert.Equal(t, uint64(100), s.Requests)
		assert.Len(t, seen, 100)
		assert.Zero(t, s.Latency.Max, "the time Each takes is not the target's")
		for i, got := range order {
			assert.Equal(t, uint64(i), got)
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

func TestDriveRefusesAWrongBase(t *testing.T) {
	p := Plan{Requests: Get("/"), Rate: 1, Duration: time.Second,
		Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("dialled") }}
	for _, base := range []string{"", "localhost:80", "/x", "ftp://h", "http://", "http://:80", "http://h/?q", "http://h#f", "http://[", "http://h\n"} {
		err := p.Drive(t.Context(), base, new(Meter))
		assert.ErrorContains(t, err, "give an absolute URL, such as http://127.0.0.1:8080", base)
	}
	assert.ErrorContains(t, Plan{}.Drive(t.Context(), base, new(Meter)), "set Rate")
}

func TestBaseMayHaveAPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var path atomic.Value
		n := serve(t, func(_ http.ResponseWriter, r *http.Request) { path.Store(r.URL.Path) })
		p := Plan{Requests: Get("/x"), Rate: 1, Duration: time.Second, Dial: n.Dial}
		require.NoError(t, p.Drive(t.Context(), base+"/api/", new(Meter)))
		assert.Equal(t, "/api/x", path.Load())
	})
}
