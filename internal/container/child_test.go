package container

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/owner"
)

// childDoes tells a copy of this test binary what TestChild is to do.
const childDoes = "MEMGATE_TEST_CHILD"

// TestChild is what the tests below run as a process of its own.
func TestChild(t *testing.T) {
	does := os.Getenv(childDoes)
	if does == "" {
		t.Skip("only for the tests that start it")
	}
	if does == "available" {
		fmt.Println("said:", Available(t.Context()))
		return
	}
	ref := os.Getenv("MEMGATE_TEST_IMAGE")
	s := Spec{Ref: ref, Port: 8080, ReadyPath: "/"}
	if ref == "" {
		s = Spec{GoPackage: "./testdata/server", Port: 8080, ReadyPath: "/"}
	}
	if does == "building" {
		_, err := os.MkdirTemp("", owner.Self().TempPattern())
		require.NoError(t, err)
	}
	c, err := Start(t.Context(), s)
	require.NoError(t, err)
	fmt.Println("run:", owner.Self().Run)
	switch does {
	case "stop":
		require.NoError(t, c.Stop(t.Context()))
	case "panic":
		go panic("in a goroutine")
		time.Sleep(time.Minute)
	case "panic in test":
		defer func() { _ = c.Stop(context.Background()) }()
		panic("in the test")
	default:
		time.Sleep(time.Minute)
	}
}

// child is a running copy of this test binary.
type child struct {
	*exec.Cmd
	run string // of its owner labels
	tmp string // its folder for temporary files
	out *bytes.Buffer
	all chan struct{} // closed when it has said everything
}

// startChild starts one and, if it starts a container, waits until that is ready.
func startChild(t *testing.T, does string, env ...string) *child {
	t.Helper()
	timeout := "90s"
	if does == "time out" {
		timeout = "8s"
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.timeout="+timeout)
	tmp := t.TempDir()
	cmd.Env = append(os.Environ(), append(env, childDoes+"="+does, "TMPDIR="+tmp)...)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	cmd.Stdout, cmd.Stderr = w, w
	require.NoError(t, cmd.Start())
	_ = w.Close()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	c := &child{Cmd: cmd, tmp: tmp, out: new(bytes.Buffer), all: make(chan struct{})}
	found := make(chan string, 1)
	go func() {
		defer close(c.all)
		defer close(found)
		for lines := bufio.NewScanner(io.TeeReader(r, c.out)); lines.Scan(); {
			if run, ok := strings.CutPrefix(lines.Text(), "run: "); ok {
				found <- run
			}
		}
	}()
	if does == "available" {
		return c
	}
	select {
	case c.run = <-found:
	case <-time.After(60 * time.Second):
	}
	if c.run == "" {
		_ = cmd.Process.Kill()
		<-c.all
		t.Fatalf("the child started no container:\n%s", c.out)
	}
	return c
}

// end waits for the child's end and returns how it ended.
func (c *child) end(t *testing.T) syscall.WaitStatus {
	t.Helper()
	_ = c.Wait()
	<-c.all
	return c.ProcessState.Sys().(syscall.WaitStatus)
}

func TestSignalsRemoveAndPassThrough(t *testing.T) {
	ref := server(t).Ref
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			c := startChild(t, "wait", "MEMGATE_TEST_IMAGE="+ref)
			require.NotEmpty(t, leftOf(t, c.run))
			began := time.Now()
			require.NoError(t, c.Process.Signal(sig))
			status := c.end(t)
			assert.True(t, status.Signaled() && status.Signal() == sig, "it dies of the signal: %v", status)
			assert.Less(t, time.Since(began), owner.InterruptWait)
			assert.Empty(t, leftOf(t, c.run))
		})
	}
}

func TestSignalRemovesImageAndFolderToo(t *testing.T) {
	needDocker(t)
	c := startChild(t, "building")
	require.Len(t, leftOf(t, c.run), 2, "container and image")
	require.NoError(t, c.Process.Signal(os.Interrupt))
	c.end(t)
	assert.Empty(t, leftOf(t, c.run))
	assert.Empty(t, tempsOf(t, c))
}

// tempsOf are a child's temporary folders.
func tempsOf(t *testing.T, c *child) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(c.tmp, owner.TempPrefix+"*"))
	require.NoError(t, err)
	return found
}

func TestPanicInTheTestCleansUpByItself(t *testing.T) {
	c := startChild(t, "panic in test", "MEMGATE_TEST_IMAGE="+server(t).Ref)
	assert.Equal(t, 2, c.end(t).ExitStatus())
	assert.Empty(t, leftOf(t, c.run), "a deferred Stop runs")
}

// What these children leave may be swept before this test comes to it, by any other
// process that starts a container: so it is only certain what must be gone afterwards.
func TestSweepRemovesWhatTheDeadLeft(t *testing.T) {
	image := "MEMGATE_TEST_IMAGE=" + server(t).Ref
	neighbour := startChild(t, "wait", image)
	dead := map[string]*child{
		"SIGKILL":              startChild(t, "building"),
		"-timeout panic":       startChild(t, "time out", image),
		"panic in a goroutine": startChild(t, "panic", image),
	}
	for how, c := range dead {
		if how == "SIGKILL" {
			require.NoError(t, c.Process.Kill())
			c.end(t)
		} else {
			assert.Equal(t, 2, c.end(t).ExitStatus(), how)
		}
		t.Logf("left after %s: %d on the engine, %d folders", how, len(leftOf(t, c.run)), len(tempsOf(t, c)))
	}
	for how, c := range dead {
		t.Setenv("TMPDIR", c.tmp)
		_, err := Sweep(t.Context())
		require.NoError(t, err)
		assert.Empty(t, leftOf(t, c.run), how)
		assert.Empty(t, tempsOf(t, c), how)
	}
	assert.Len(t, leftOf(t, neighbour.run), 1, "a living neighbour's stays")
	require.NoError(t, neighbour.Process.Signal(syscall.SIGTERM))
	neighbour.end(t)
}

func TestNextStartSweeps(t *testing.T) {
	ref := server(t).Ref
	killed := startChild(t, "wait", "MEMGATE_TEST_IMAGE="+ref)
	require.NoError(t, killed.Process.Kill())
	killed.end(t)
	next := startChild(t, "stop", "MEMGATE_TEST_IMAGE="+ref)
	assert.Zero(t, next.end(t).ExitStatus())
	assert.Empty(t, leftOf(t, killed.run))
	assert.Empty(t, leftOf(t, next.run))
}

func TestNothingIsPrinted(t *testing.T) {
	c := startChild(t, "stop", "MEMGATE_TEST_IMAGE="+server(t).Ref)
	assert.Zero(t, c.end(t).ExitStatus())
	assert.Equal(t, "run: "+c.run+"\nPASS\n", c.out.String())
}

func TestHubPrefixDoesNotApplyToBuiltImages(t *testing.T) {
	needDocker(t)
	c := startChild(t, "stop", "TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX=mirror.invalid")
	assert.Zero(t, c.end(t).ExitStatus(), c.out)
}

func TestWithoutTheOverride(t *testing.T) {
	c := startChild(t, "stop", "TESTCONTAINERS_HOST_OVERRIDE=", "MEMGATE_TEST_IMAGE="+server(t).Ref)
	assert.Zero(t, c.end(t).ExitStatus(), c.out)
}

func TestEngineOverTCP(t *testing.T) {
	needDocker(t)
	const socket = "/var/run/docker.sock"
	if _, err := os.Stat(socket); err != nil {
		t.Skip(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("unix", socket)
			if err != nil {
				_ = near.Close()
				return
			}
			go func() { _, _ = io.Copy(far, near); _ = far.(*net.UnixConn).CloseWrite() }()
			go func() { _, _ = io.Copy(near, far); _ = near.Close() }()
		}
	}()
	c := startChild(t, "stop", "DOCKER_HOST=tcp://"+l.Addr().String(), "TESTCONTAINERS_HOST_OVERRIDE=", "MEMGATE_TEST_IMAGE="+server(t).Ref)
	assert.Zero(t, c.end(t).ExitStatus(), c.out)
}

// oldEngine answers as one of an API that nobody speaks any more.
func oldEngine(t *testing.T) string {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.39")
		if !strings.HasSuffix(r.URL.Path, "/_ping") {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"message":"client version is too new. Maximum supported API version is 1.39"}`)
		}
	}))
	t.Cleanup(srv.Close)
	return "tcp://" + srv.Listener.Addr().String()
}

func TestUnavailable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	deaf := filepath.Join(dir, "deaf.sock")
	l, err := net.Listen("unix", deaf)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	for name, tt := range map[string]struct{ host, want string }{
		"no socket":      {"unix://" + filepath.Join(dir, "none.sock"), "start Docker"},
		"nobody listens": {"tcp://127.0.0.1:1", "start Docker"},
		"it hangs":       {"unix://" + deaf, "hangs"},
		"not an address": {"://", "DOCKER_HOST"},
		"too old":        {oldEngine(t), "upgrade it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			c := startChild(t, "available", "DOCKER_HOST="+tt.host)
			assert.Zero(t, c.end(t).ExitStatus())
			assert.Less(t, time.Since(began), 8*time.Second, "5 s and the start of a process")
			assert.Contains(t, c.out.String(), "said: reach container engine")
			assert.Contains(t, c.out.String(), tt.want)
			t.Log(c.out)
		})
	}
}
