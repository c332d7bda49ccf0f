package heap

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	httppprof "net/http/pprof"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memgate/memgate/profile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Both are recorded from one server: store.Put had kept 200 buffers of 100 kB.
func TestLiveReadsWhatGoWrites(t *testing.T) {
	tests := map[string]profile.LiveHeap{
		"go1.20.14-1.txt": {HeapAlloc: 21510064, HeapObjects: 1118, StackInuse: 425984, Sys: 39187720, HeapReleased: 2768896, NextGC: 43284232, NumGC: 11},
		"go1.26.8-1.txt":  {HeapAlloc: 21518664, HeapObjects: 996, StackInuse: 425984, Sys: 38377736, HeapReleased: 5349376, NextGC: 43252442, NumGC: 11},
	}
	for name, want := range tests {
		text, err := os.ReadFile("testdata/heap/" + name)
		require.NoError(t, err)
		got, err := readLive(bytes.NewReader(text))
		require.NoError(t, err, name)
		assert.Equal(t, want, got, name)
	}
}

func TestLiveNamesTheLineThatIsMissing(t *testing.T) {
	text, err := os.ReadFile("testdata/heap/go1.26.8-1.txt")
	require.NoError(t, err)
	for _, l := range liveLines {
		without := bytes.Replace(text, []byte("# "+l.name+" = "), []byte("# Was"+l.name+" = "), 1)
		_, err := readLive(bytes.NewReader(without))
		require.ErrorContains(t, err, `"# `+l.name+` = …"`)
		garbled := bytes.Replace(text, []byte("# "+l.name+" = "), []byte("# "+l.name+" = -"), 1)
		_, err = readLive(bytes.NewReader(garbled))
		require.ErrorContains(t, err, `not "# `+l.name+` = "`)
	}
	for n := range text {
		if _, err := readLive(bytes.NewReader(text[:n])); err == nil {
			require.Contains(t, string(text[:n]), "# NumGC = 11\n")
		}
	}
}

// Only the closing lines count: a function cannot be named so that it reads as one,
// and a line of any length is passed over.
func TestLivePassesOverStacks(t *testing.T) {
	text, err := os.ReadFile("testdata/heap/go1.26.8-1.txt")
	require.NoError(t, err)
	want, err := readLive(bytes.NewReader(text))
	require.NoError(t, err)
	before := "# HeapAlloc = x\n# runtime.MemStats\n" + strings.Repeat("x", 32<<10) + "# HeapAlloc = x\n" + strings.Repeat("y", 100_000) + "\n"
	got, err := readLive(io.MultiReader(strings.NewReader(before), bytes.NewReader(text)))
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func FuzzReadLive(f *testing.F) {
	text, err := os.ReadFile("testdata/heap/go1.26.8-1.txt")
	require.NoError(f, err)
	f.Add(text[len(text)-6000:])
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := readLive(bytes.NewReader(text)); err == nil {
			require.Contains(t, string(text), "# runtime.MemStats")
		}
	})
}

// target serves net/http/pprof as a Go program does.
func target(t *testing.T) string {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", httppprof.Index)
	return served(t, mux)
}

// served is the base URL of h's profiles. At the end of the test no connection to it
// may be open.
func served(t *testing.T, h http.Handler) string {
	t.Helper()
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	s := httptest.NewUnstartedServer(h)
	s.Config.ConnState = func(c net.Conn, state http.ConnState) {
		mu.Lock()
		defer mu.Unlock()
		open[c] = state != http.StateClosed && state != http.StateHijacked
	}
	s.Start()
	t.Cleanup(func() {
		defer s.Close()
		assert.Eventually(t, func() bool {
			mu.Lock()
			defer mu.Unlock()
			for _, is := range open {
				if is {
					return false
				}
			}
			return true
		}, 5*time.Second, time.Millisecond, "a connection to the target was left open")
	})
	return s.URL + "/debug/pprof"
}

func TestPprofReadsALiveTarget(t *testing.T) {
	p := Pprof{URL: target(t)}
	before, err := p.Live(t.Context())
	require.NoError(t, err)
	kept := make([]byte, 8<<20)
	after, err := p.Live(t.Context())
	require.NoError(t, err)
	assert.InDelta(t, 8<<20, float64(after.HeapAlloc)-float64(before.HeapAlloc), 1<<20)
	assert.Greater(t, after.NumGC, before.NumGC)
	assert.Positive(t, after.Took)
	assert.Positive(t, after.StackInuse)

	raw, err := p.Heap(t.Context())
	require.NoError(t, err)
	heap, err := parseHeap(raw)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, liveBytes(heap.Profile, heap.bytes), int64(8<<20))
	runtime.KeepAlive(kept)
}

func TestPprofUsesTheClientItIsGiven(t *testing.T) {
	url := target(t)
	shared := &http.Client{Transport: &http.Transport{}}
	_, err := Pprof{URL: url, Client: shared}.Live(t.Context())
	require.NoError(t, err)
	assert.Nil(t, shared.CheckRedirect, "the caller's client is not changed")

	asked := http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		assert.Equal(t, "identity", r.Header.Get("Accept-Encoding"))
		assert.Equal(t, "/base/debug/pprof/heap", r.URL.Path)
		assert.Equal(t, "token=s3cret&gc=1", r.URL.RawQuery)
		user, password, _ := r.BasicAuth()
		return nil, fmt.Errorf("%s %s was asked", user, strings.Repeat("*", len(password)))
	})}
	_, err = Pprof{URL: "http://ann:pass@host/base/debug/pprof/?token=s3cret", Client: &asked}.Heap(t.Context())
	require.EqualError(t, err, "fetch heap profile: http://host/base/debug/pprof/heap?gc=1: ann **** was asked: "+
		"is the target up, and is this the port of its net/http/pprof?")
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestPprofNeverUsesAProxy(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy"} {
		t.Setenv(name, "http://127.0.0.1:1")
	}
	transport, ok := Pprof{}.client().Transport.(*http.Transport)
	require.True(t, ok)
	assert.Nil(t, transport.Proxy)
}

func TestPprofBadAnswers(t *testing.T) {
	profile := gzipped(t, small)
	answer := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	cut := func(body []byte, say int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(say))
			_, _ = w.Write(body)
		}
	}
	forever := func(w http.ResponseWriter, _ *http.Request) {
		for chunk := bytes.Repeat([]byte("# HeapAlloc\n"), 4096); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
	tests := map[string]struct {
		answer http.HandlerFunc
		heap   []string // what the error of Heap says
		live   []string // and of Live
	}{
		"404":       {answer(404, "404 page not found\n"), []string{`404 Not Found, "404 page not found\n"`, `import _ "net/http/pprof"`}, []string{"404 Not Found"}},
		"401":       {answer(401, ""), []string{"401 Unauthorized, an empty body", "credentials"}, []string{"credentials"}},
		"403":       {answer(403, "no"), []string{"403 Forbidden", "credentials"}, []string{"403"}},
		"500":       {answer(500, "boom"), []string{`500 Internal Server Error, "boom"`, "log"}, []string{"500"}},
		"599":       {answer(599, "\x1b[2J"), []string{`599, "\x1b[2J"`}, []string{"599"}},
		"204":       {answer(204, ""), []string{"204 No Content", "path"}, []string{"204"}},
		"HTML":      {answer(200, "\n<!DOCTYPE html><html>"), []string{"an HTML page", `"\n<!DOCTYPE html><html>"`, "/debug/pprof"}, []string{"an HTML page"}},
		"empty":     {answer(200, ""), []string{"200 OK, an empty body: it is empty"}, []string{`"# HeapAlloc = …"`}},
		"text":      {answer(200, strings.Repeat("hello ", 100)), []string{`"hello hello`, `"…: it`}, []string{`"# HeapAlloc = …"`}},
		"cut gzip":  {answer(200, string(profile[:len(profile)/2])), []string{"ends early"}, []string{`"# HeapAlloc = …"`}},
		"cut early": {cut(profile[:20], 500), []string{"cut off"}, []string{"cut off"}},
		"cut late":  {cut(bytes.Repeat([]byte{'x'}, 500), 5000), []string{"cut off on its way"}, []string{"cut off on its way"}},
		"gzip bomb": {answer(200, string(compress(t, make([]byte, 70<<20)))), []string{"inflates to more than 64 MiB"}, []string{"HeapAlloc"}},
		"endless":   {forever, []string{"larger than 16 MiB"}, []string{`no line "# HeapAlloc = …"`}},
		"closed at once": {func(w http.ResponseWriter, _ *http.Request) {
			c, _, _ := w.(http.Hijacker).Hijack()
			_ = c.Close()
		}, []string{"EOF", "is the target up"}, []string{"EOF"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := Pprof{URL: served(t, tt.answer)}
			_, err := p.Heap(t.Context())
			for _, want := range append(tt.heap, "fetch heap profile: "+p.URL+"/heap?gc=1: ") {
				require.ErrorContains(t, err, want)
			}
			assert.Less(t, len(err.Error()), 500)
			_, err = p.Live(t.Context())
			for _, want := range append(tt.live, "read live heap: "+p.URL+"/heap?gc=1&debug=1: ") {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestPprofFollowsNoRedirect(t *testing.T) {
	elsewhere := served(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	p := Pprof{URL: served(t, http.RedirectHandler(elsewhere+"/?token=s3cret", http.StatusFound)), Client: &http.Client{}}
	_, err := p.Heap(t.Context())
	require.ErrorContains(t, err, "302 Found")
	require.ErrorContains(t, err, "redirects are not followed")
}

func TestPprofHang(t *testing.T) {
	stop := make(chan struct{})
	base := served(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop }))
	t.Cleanup(func() { close(stop) })
	_, err := Pprof{URL: base, Timeout: 20 * time.Millisecond}.Live(t.Context())
	require.ErrorContains(t, err, "no whole answer within 20ms")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = Pprof{URL: base}.Heap(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// The default is 10 s, and bounds an answer that trickles too.
func TestPprofTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: trickle{r.Context()}}, nil
		})}
		start := time.Now()
		_, err := Pprof{URL: "http://host", Client: client}.Live(t.Context())
		require.ErrorContains(t, err, "no whole answer within 10s")
		assert.Equal(t, 10*time.Second, time.Since(start))
	})
}

// trickle is a body of one byte a second.
type trickle struct{ ctx context.Context }

func (b trickle) Read(p []byte) (int, error) {
	select {
	case <-b.ctx.Done():
		return 0, b.ctx.Err()
	case <-time.After(time.Second):
		p[0] = 'x'
		return 1, nil
	}
}

func (trickle) Close() error { return nil }

func TestPprofURL(t *testing.T) {
	for _, bad := range []string{"", "127.0.0.1:6060", "ftp://host/", "http://", "http://ann:pa/ss@host:1/", "http://ann:s3cret@host/%zz"} {
		_, err := Pprof{URL: bad}.Live(t.Context())
		require.EqualError(t, err, `read live heap: the URL of net/http/pprof is not valid: it is such as "http://127.0.0.1:6060/debug/pprof"`, bad)
	}
}
