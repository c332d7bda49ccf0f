package ready

import (
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

func TestTCP(t *testing.T) {
	waits := listen(t, func(c net.Conn) { time.Sleep(time.Second); _ = c.Close() })
	speaks := listen(t, func(c net.Conn) { _, _ = c.Write([]byte("220 hello")); _ = c.Close() })
	proxy := listen(t, func(c net.Conn) { time.Sleep(20 * time.Millisecond); _ = c.Close() })
	assert.NoError(t, TCP(t.Context(), waits), "as HTTP servers do")
	assert.NoError(t, TCP(t.Context(), speaks), "as SMTP servers do")
	assert.ErrorContains(t, TCP(t.Context(), proxy), "closed at once", "a port proxy with nobody behind it")
	assert.Error(t, TCP(t.Context(), "127.0.0.1:1"))
}

func TestHTTP(t *testing.T) {
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
	assert.NoError(t, HTTP(t.Context(), srv.URL+"/ok"))
	assert.NoError(t, HTTP(t.Context(), srv.URL+"/moved"), "not followed")
	assert.ErrorContains(t, HTTP(t.Context(), srv.URL+"/busy"), "503")
}
