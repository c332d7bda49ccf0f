package heap

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	pprof "github.com/google/pprof/profile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A server that starts a goroutine with each request which waits for ever, beside
// requests in flight and connections that are kept.
func TestGoroutineGrowthOfAServer(t *testing.T) {
	for name, env := range map[string]string{"runtime that finds leaks": "GOEXPERIMENT=goroutineleakprofile", "plain": "GOEXPERIMENT="} {
		t.Run(name, func(t *testing.T) {
			s := startShop(t, buildShop(t, env))
			s.get(t, "/watch", 40)
			var looks []GoroutineProfile
			for i := range 5 {
				look, err := s.pprof().Goroutines(t.Context(), i == 4)
				require.NoError(t, err)
				look.At, look.Requests = time.Duration(i)*time.Second, s.served
				looks = append(looks, look)
				if i < 4 {
					s.get(t, "/watch", 400)
					s.get(t, "/mix", 100)
				}
			}
			list, err := GrowingGoroutines(looks)
			require.NoError(t, err)
			require.Len(t, list, 1)
			g := list[0]
			assert.Equal(t, "main.wait", g.Func)
			assert.Equal(t, "chan receive", g.State)
			assert.Regexp(t, `^main\.watch main\.go:\d+$`, g.Started)
			assert.InEpsilon(t, 0.8, g.PerRequest, 0.05, "one for each of 400 of 500 requests")
			assert.InEpsilon(t, 1600, g.Count, 0.05)
			if strings.HasPrefix(name, "runtime") {
				assert.InEpsilon(t, 1640, g.Leaked, 0.05)
			} else {
				assert.Zero(t, g.Leaked)
			}
		})
	}
}

// crowded is a goroutine profile as runtime/pprof writes it.
func crowded(t testing.TB, kind string, stacks ...stack) []byte {
	p := built(1, stacks...)
	p.SampleType = []*pprof.ValueType{{Type: kind, Unit: "count"}}
	for _, s := range p.Sample {
		s.Value = s.Value[2:3]
	}
	return gzipped(t, p)
}

var waiting = []string{"runtime.gopark /go/src/runtime/proc.go:461", "runtime.selectgo /go/src/runtime/select.go:351", "net/http.(*persistConn).writeLoop /go/src/net/http/transport.go:2600"}

func TestGoroutineGrowth(t *testing.T) {
	looks := func(n int, at func(i int64) []stack) (looks []GoroutineProfile) {
		for i := range n {
			looks = append(looks, GoroutineProfile{Requests: uint64(i) * 100, Raw: crowded(t, "goroutine", at(int64(i))...)})
		}
		return looks
	}
	series := looks(6, func(i int64) []stack {
		return []stack{
			{objects: 5 + i*200, frames: waiting},
			{objects: 3 + i*50, frames: []string{"runtime.gopark /go/src/runtime/proc.go:461", "runtime.chanrecv1 /go/src/runtime/chan.go:5", "time.Tick /go/src/time/tick.go:3", "main.poll /src/shop/poll.go:7", "main.start.func1 /src/shop/poll.go:3"}},
			{objects: 10 + i%3, frames: []string{"main.handle /src/shop/main.go:12", serve}},
			{objects: min(i, 2) * 40, frames: []string{"main.worker /src/shop/pool.go:12"}},
		}
	})
	series[5].Started = Creators{{"net/http.(*persistConn).writeLoop", "net/http.(*persistConn).writeLoop"}: "net/http.(*Transport).dialConn transport.go:1944"}
	series[5].Leaked = crowded(t, "goroutineleak", stack{objects: 900, frames: waiting})
	list, err := GrowingGoroutines(series)
	require.NoError(t, err)
	require.Len(t, list, 2)
	assert.Equal(t, "net/http.(*persistConn).writeLoop", list[0].Func)
	assert.Equal(t, "select", list[0].State)
	assert.Equal(t, "net/http.(*Transport).dialConn transport.go:1944", list[0].Started)
	assert.InDelta(t, 2, list[0].PerRequest, 1e-9)
	assert.Equal(t, int64(900), list[0].Leaked)
	assert.Equal(t, "main.poll", list[1].Func)
	assert.Equal(t, "time.Tick tick.go:3", list[1].Blocked)
	assert.Equal(t, "main.start.func1 poll.go:3", list[1].Started, "what is known where the starter is not")
	assert.Equal(t, int64(250), list[1].Count)

	list, err = GrowingGoroutines(looks(2, func(i int64) []stack { return []stack{{objects: 5 + i, frames: waiting}} }))
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Zero(t, list[0].Lo, "two profiles have no interval")
}

func TestGoroutineGrowthLeavesOutWhatCannotBeRead(t *testing.T) {
	good := crowded(t, "goroutine", stack{objects: 5, frames: waiting})
	list, err := GrowingGoroutines([]GoroutineProfile{{Raw: good}, {Raw: gzipped(t, small)}, {Raw: good, Leaked: good}, {Raw: []byte("<html>")}})
	assert.Empty(t, list)
	require.ErrorContains(t, err, "read goroutine profile 2 of 4, taken at 0s: it is not a goroutine profile")
	require.ErrorContains(t, err, "read goroutine profile 3 of 4, taken at 0s: those that wait for ever: it is not a profile of leaked goroutines")
	require.ErrorContains(t, err, "read goroutine profile 4 of 4")
	_, err = GrowingGoroutines(nil)
	require.ErrorContains(t, err, "0 profiles that can be read are not enough")
}

// A million stacks are refused before they are parsed, and of many the largest part is
// left out.
func TestGoroutineGrowthIsBounded(t *testing.T) {
	stacks := make([]stack, 2*maxTotals)
	for i := range stacks {
		stacks[i] = stack{objects: 1, frames: []string{fmt.Sprintf("main.f%d /src/f.go:1", i)}}
	}
	var c crowd
	c.byStack = map[string]*parked{}
	require.NoError(t, c.add(GoroutineProfile{Raw: crowded(t, "goroutine", stacks...)}))
	assert.Len(t, c.byStack, maxTotals)
}

func TestGoroutinesOfATargetThatAnswersBadly(t *testing.T) {
	for name, tt := range map[string]struct {
		path, body string
		status     int
		want       string
	}{
		"an HTML page":           {"/goroutine", "<html>login", 200, `/debug/pprof/goroutine?debug=0: 200 OK, but an HTML page, "<html>login"`},
		"not allowed":            {"/goroutine", "who are you", 401, `401 Unauthorized, "who are you": give credentials`},
		"not there":              {"/goroutine", "no", 404, `404 Not Found, "no"`},
		"garbage":                {"/goroutine", "garbage", 200, `fetch goroutine profile: `},
		"a failing leak profile": {"/goroutineleak", "oops", 500, `fetch profile of leaked goroutines: http`},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasSuffix(r.URL.Path, tt.path):
					w.WriteHeader(tt.status)
					_, _ = w.Write([]byte(tt.body))
				default:
					_, _ = w.Write(crowded(t, "goroutine", stack{objects: 5, frames: waiting}))
				}
			}))
			defer server.Close()
			_, err := Pprof{URL: server.URL + "/debug/pprof"}.Goroutines(t.Context(), true)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

const traceback = `goroutine 1 [running]:
main.main()
	/src/shop/main.go:9 +0x1d

goroutine 18 [chan receive, 2 minutes]:
main.wait(...)
	/src/shop/main.go:57
main.watch.gowrap1()
	/src/shop/main.go:60 +0x1d
created by main.watch in goroutine 5
	/src/shop/main.go:60 +0x5c

goroutine 19 [select]:
main.(*pool[...]).run(0xc000012345, {0x1, 0x2})
	/src/shop/pool.go:7 +0x5c
created by main.start
	/src/shop/pool.go:3 +0x5c
`

func TestReadStarters(t *testing.T) {
	assert.Equal(t, Creators{
		{"main.wait", "main.watch.gowrap1"}:                "main.watch main.go:60",
		{"", "main.watch.gowrap1"}:                         "main.watch main.go:60",
		{"main.(*pool[...]).run", "main.(*pool[...]).run"}: "main.start pool.go:3",
		{"", "main.(*pool[...]).run"}:                      "main.start pool.go:3",
	}, readStarters(strings.NewReader(traceback)))
	for n := range traceback {
		assert.LessOrEqual(t, len(readStarters(strings.NewReader(traceback[:n]))), 4)
	}
}

func FuzzReadStarters(f *testing.F) {
	f.Add(traceback)
	f.Fuzz(func(t *testing.T, text string) {
		for k, by := range readStarters(strings.NewReader(text)) {
			require.NotEmpty(t, k.entry)
			require.LessOrEqual(t, len(by), 1100)
		}
	})
}
