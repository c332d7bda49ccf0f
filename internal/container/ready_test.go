package container

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listen serves connections by what do does with them.
func listen(t *testing.T, do func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go do(conn)
		}
	}()
	return l.Addr().String()
}

func TestProbeTCP(t *testing.T) {
	waits := listen(t, func(c net.Conn) { time.Sleep(time.Second); _ = c.Close() })
	speaks := listen(t, func(c net.Conn) { _, _ = c.Write([]byte("220 hello")); _ = c.Close() })
	proxy := listen(t, func(c net.Conn) { time.Sleep(20 * time.Millisecond); _ = c.Close() })
	assert.NoError(t, probeTCP(t.Context(), waits), "as HTTP servers do")
	assert.NoError(t, probeTCP(t.Context(), speaks), "as SMTP servers do")
	assert.ErrorContains(t, probeTCP(t.Context(), proxy), "closed at once", "a port proxy with nobody behind it")
	assert.Error(t, probeTCP(t.Context(), "127.0.0.1:1"))
}

func TestProbeHTTP(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ok":
		case "/moved":
			http.Redirect(w, r, "http://192.0.2.1/never", http.StatusFound)
		default:
			http.Error(w, "starting", http.StatusServiceUnavailable)
		}
	}))
	defer srv.Close()
	t.Setenv("HTTP_PROXY", "http://192.0.2.1:1")
	assert.NoError(t, probeHTTP(t.Context(), srv.URL+"/ok"))
	assert.NoError(t, probeHTTP(t.Context(), srv.URL+"/moved"), "not followed")
	assert.ErrorContains(t, probeHTTP(t.Context(), srv.URL+"/busy"), "503")
}

// hanging is a target that takes requests and never answers.
func hanging(t *testing.T) (*Container, route) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(srv.Close)
	addr := srv.Listener.Addr().(*net.TCPAddr)
	c := &Container{spec: Spec{Port: 80, ReadyPath: "/"}, watch: &watch{done: make(chan struct{})}}
	return c, route{host: addr.IP.String(), ports: map[int]int{80: addr.Port}}
}

func TestAwaitReadyHeedsTheEndOfTheContainer(t *testing.T) {
	c, r := hanging(t)
	time.AfterFunc(50*time.Millisecond, func() {
		c.watch.exit = Exit{Code: 3, Logs: "no configuration"}
		close(c.watch.done)
	})
	began := time.Now()
	_, err := c.awaitReady(t.Context(), []route{r})
	var exit Exit
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 3, exit.Code)
	assert.ErrorContains(t, err, "no configuration")
	assert.Less(t, time.Since(began), probeWait/2, "a probe under way does not hold it up")
}

func TestAwaitReadyHeedsTheCaller(t *testing.T) {
	c, r := hanging(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(errors.New("enough")) })
	_, err := c.awaitReady(ctx, []route{r})
	assert.ErrorContains(t, err, "enough")
}
