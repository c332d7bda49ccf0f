package load

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const base = "http://target.test:8080"

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

// hang answers nothing until the client has gone, which the server notices once
// the request's body is read.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
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

// TestConnectionsOfABurstAreClosed: a target whose answers are slow for a second is
// left with as many connections as before. What it held for more would look like a leak.
func TestConnectionsOfABurstAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var open, most, last atomic.Int64
		start := time.Now()
		n := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if at := time.Since(start); at > 5*time.Second && at < 6*time.Second {
				time.Sleep(500 * time.Millisecond)
			}
			most.Store(max(most.Load(), open.Load()))
			last.Store(open.Load())
			hello(w, r)
		})
		p := Plan{Requests: Get("/"), Rate: 100, Duration: 10 * time.Second}
		p.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := n.Dial(ctx, network, addr)
			if err == nil {
				open.Add(1)
			}
			return counted{c, &open}, err
		}
		require.NoError(t, p.Drive(t.Context(), base, new(Meter)))
		assert.Greater(t, most.Load(), int64(20), "the burst opened many")
		assert.LessOrEqual(t, last.Load(), int64(2), "and they were closed when it was over")
	})
}

// counted takes itself off a number when it is closed.
type counted struct {
	net.Conn
	open *atomic.Int64
}

func (c counted) Close() error {
	c.open.Add(-1)
	return c.Conn.Close()
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

// cutOff promises 100 bytes, sends 7 and hangs up.
// stall promises 100 bytes, sends 7 and waits.
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
	assert.Nil(t, dialer{}.pool(1, time.Second).Proxy)
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

func TestEachCountsOnFromDriveToDrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []uint64
		p := Plan{Rate: 10, Duration: time.Second, Each: func(i uint64) Request {
			order = append(order, i)
			return Request{Path: "/"}
		}}
		warmed, loaded := new(Meter), new(Meter)
		for name, tc := range map[string]struct {
			first, second *Meter
			follows       bool
			want          []uint64
		}{
			"two meters":  {new(Meter), new(Meter), false, []uint64{0, 9, 0, 9}},
			"one meter":   {loaded, loaded, false, []uint64{0, 9, 10, 19}},
			"one follows": {warmed, new(Meter), true, []uint64{0, 9, 10, 19}},
		} {
			order = nil
			p.Dial = serve(t, hello).Dial
			require.NoError(t, p.Drive(t.Context(), base, tc.first))
			if tc.follows {
				tc.second.Follow(tc.first)
			}
			require.NoError(t, p.Drive(t.Context(), base, tc.second))
			require.Len(t, order, 20)
			assert.Equal(t, tc.want, []uint64{order[0], order[9], order[10], order[19]}, name)
		}
	})
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
