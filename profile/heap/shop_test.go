package heap

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// shop is the server of testdata/shop as a process.
type shop struct {
	url    string
	client *http.Client
	served uint64
}

// buildShop compiles the server, once for a test.
func buildShop(t testing.TB, env ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds and runs a server, and -short is set")
	}
	file := filepath.Join(t.TempDir(), "shop")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", file, "./testdata/shop")
	build.Env = append(os.Environ(), append(env, "CGO_ENABLED=0")...)
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return file
}

// startShop runs the server until the test ends.
func startShop(t testing.TB, file string) *shop {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), file)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return &shop{
		url:    "http://" + strings.TrimSpace(address),
		client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 4}},
	}
}

// get sends n requests, four at a time.
func (s *shop) get(t testing.TB, path string, n int) {
	t.Helper()
	var beside sync.WaitGroup
	failed := make(chan error, 4)
	for range 4 {
		beside.Go(func() {
			for range n / 4 {
				resp, err := s.client.Get(s.url + path)
				if err == nil {
					_, err = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
				if err != nil {
					failed <- err
					return
				}
			}
		})
	}
	beside.Wait()
	close(failed)
	require.NoError(t, <-failed)
	s.served += uint64(n / 4 * 4)
}

func (s *shop) pprof() Pprof { return Pprof{URL: s.url + "/debug/pprof"} }

// series is profiles before and after each of so many loads.
func (s *shop) series(t testing.TB, path string, loads, requests int) []Profile {
	t.Helper()
	var series []Profile
	for i := range loads + 1 {
		if i > 0 {
			s.get(t, path, requests)
		}
		raw, err := s.pprof().Heap(t.Context())
		require.NoError(t, err)
		series = append(series, Profile{At: time.Duration(i) * time.Second, Requests: s.served, Raw: raw})
	}
	return series
}
