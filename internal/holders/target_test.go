//go:build unix

package holders_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/holders"
	"github.com/memgate/memgate/internal/retain"
)

// build is a way to make the program of testdata/shapes.
type build struct {
	version string // of Go; "" is the one that runs the test
	flags   string // of the linker
	mode    string // -buildmode; "" is exe
	cgo     bool   // with C code, and so with C's linker
}

func (b build) String() string {
	words := []string{cmp.Or(b.version, "this Go"), b.flags, b.mode}
	if b.cgo {
		words = append(words, "cgo")
	}
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}

var built struct {
	sync.Mutex
	dir   string
	files map[build]string
}

func TestMain(m *testing.M) {
	if os.Getenv("HOLDERS_TEST_HELPER") != "" {
		holdStill()
		return
	}
	code := m.Run()
	_ = os.RemoveAll(built.dir)
	os.Exit(code)
}

// executable makes the program, once for all tests. Where a version of Go is not at
// hand and cannot be had, the test is skipped.
func executable(t testing.TB, b build) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if f := built.files[b]; f != "" {
		return f
	}
	if built.dir == "" {
		dir, err := os.MkdirTemp("", "holders-shapes-")
		require.NoError(t, err)
		built.dir, built.files = dir, map[build]string{}
		source, err := os.ReadFile("testdata/shapes/main.go")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), source, 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/shapes\n\ngo 1.24\n"), 0o600))
	}
	out := filepath.Join(built.dir, fmt.Sprintf("shapes%d", len(built.files)))
	flags, cgo := b.flags, "0"
	if b.cgo {
		flags, cgo = flags+" -linkmode=external", "1"
		if _, err := exec.LookPath("gcc"); err != nil {
			t.Skip("no C compiler here")
		}
	}
	cmd := exec.Command("go", "build", "-ldflags="+flags, "-buildmode="+cmp.Or(b.mode, "exe"), "-o", out, ".")
	cmd.Dir = built.dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED="+cgo, "GOTOOLCHAIN="+cmp.Or(b.version, "local"), "GOFLAGS=", "GOWORK=off")
	text, err := cmd.CombinedOutput()
	if err != nil && b.version != "" && bytes.Contains(text, []byte("toolchain")) {
		t.Skipf("Go %s cannot be had: %s", b.version, text)
	}
	require.NoError(t, err, "%s", text)
	built.files[b] = out
	return out
}

// target is the program, running.
type target struct {
	t    testing.TB
	pid  int
	addr string
	http *http.Client
}

// start runs the program as a process that is not ours: its parent is a shell that has
// ended. asChild makes it one of ours.
func start(t testing.TB, exe, shape string, asChild bool) *target {
	t.Helper()
	addr := freeAddr(t)
	var cmd *exec.Cmd
	if asChild {
		cmd = exec.Command(exe)
	} else {
		cmd = exec.Command("/bin/sh", "-c", `"$0" >/dev/null 2>&1 & echo $!`, exe)
	}
	cmd.Env = append(os.Environ(), "SHAPE="+shape, "ADDR="+addr, "GOMAXPROCS=2")
	tg := &target{t: t, addr: addr, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
	if asChild {
		require.NoError(t, cmd.Start())
		tg.pid = cmd.Process.Pid
		t.Cleanup(func() { tg.kill(); _ = cmd.Wait() })
	} else {
		out, err := cmd.Output()
		require.NoError(t, err)
		tg.pid, err = strconv.Atoi(strings.TrimSpace(string(out)))
		require.NoError(t, err)
		t.Cleanup(tg.kill)
	}
	require.Eventually(t, func() bool { return tg.get("/fill") == nil }, 10*time.Second, 10*time.Millisecond, "the target never answered")
	return tg
}

func freeAddr(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func (tg *target) kill() { _ = syscall.Kill(tg.pid, syscall.SIGKILL) }

func (tg *target) get(path string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+tg.addr+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("X-Secret", canary)
	res, err := tg.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = errors.New(res.Status)
	}
	return err
}

// load sends requests, one after the other.
func (tg *target) load(n int) {
	tg.t.Helper()
	for range n {
		require.NoError(tg.t, tg.get("/x"))
	}
}

// open prepares to read the target. Where that is not permitted the test is skipped.
func (tg *target) open(l holders.Limits) *holders.Reader {
	tg.t.Helper()
	r, err := holders.Open(tg.pid, l)
	if errors.Is(err, fs.ErrPermission) {
		tg.t.Skipf("this process may not look into others: %v", err)
	}
	require.NoError(tg.t, err)
	tg.t.Cleanup(func() { _ = r.Close() })
	return r
}

func (tg *target) snapshot(r *holders.Reader) *holders.Paths {
	tg.t.Helper()
	p, err := r.Snapshot()
	if errors.Is(err, fs.ErrPermission) {
		tg.t.Skipf("this process may not look into others: %v", err)
	}
	require.NoError(tg.t, err)
	return p
}

// grown is what holds what so many requests leave.
func (tg *target) grown() retain.Growth {
	tg.t.Helper()
	r := tg.open(holders.Limits{})
	tg.load(warm)
	early := tg.snapshot(r)
	tg.load(requests)
	return retain.Grow(early, tg.snapshot(r), requests, "Go heap")
}
