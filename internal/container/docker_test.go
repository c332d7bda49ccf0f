package container

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"

	"github.com/memgate/memgate/internal/gobuild"
)

func TestGoPackage(t *testing.T) {
	needDocker(t)
	before := left(t)
	c := started(t, Spec{GoPackage: "./testdata/server", Port: 8080, PprofPort: 6060, Args: []string{"-v"}, Env: map[string]string{"B": "secret", "A": "secret"}})
	assert.Regexp(t, `^http://127\.0\.0\.1:\d+$`, c.URL())
	assert.Equal(t, "ok\n", get(t, c.URL()))
	assert.Contains(t, get(t, c.PprofURL()+"/debug/pprof/"), "goroutine")
	get(t, c.URL()+"/tmp")
	seen := get(t, c.URL()+"/env")
	assert.Contains(t, seen, "A=secret")
	assert.Contains(t, seen, "-v")
	assert.NotContains(t, seen, "PORT=")

	info := c.Info()
	assert.Equal(t, runtime.Version(), info.GoVersion)
	assert.Regexp(t, `^(docker|podman) \d+\.`, info.Engine)
	assert.Regexp(t, `^v[12]$`, info.CgroupVersion)
	assert.Regexp(t, `^sha256:`, info.ImageID)
	assert.Len(t, info.ID, 64)
	assert.Equal(t, []string{"A", "B"}, info.EnvNames)
	assert.Contains(t, c.Env(), "A=secret", "what reports mask")
	assert.NotContains(t, fmt.Sprintf("%+v", info), "secret")
	logs, err := c.Logs(t.Context(), 5)
	require.NoError(t, err)
	assert.Contains(t, logs, "listening on 8080")

	require.NoError(t, c.Stop(t.Context()))
	require.NoError(t, c.Stop(t.Context()), "a second Stop")
	requireNothingLeft(t, before)
}

func TestReference(t *testing.T) {
	s := server(t)
	before := left(t)
	ended, cancel := context.WithCancel(t.Context())
	s.ReadyPath = "" // a connection is enough
	c := started(t, s)
	assert.Equal(t, "ok\n", get(t, c.URL()))
	cancel()
	require.NoError(t, c.Stop(ended), "although the context has ended")
	requireNothingLeft(t, before) // the image among them, as it is not ours to remove
}

// buildContext is a folder with a server and its Dockerfile in shop/.
func buildContext(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	eng, err := dial(t.Context())
	require.NoError(t, err)
	arch, err := goArch(eng.info.Architecture)
	require.NoError(t, err)
	require.NoError(t, eng.Close())
	require.NoError(t, os.Mkdir(filepath.Join(dir, "shop"), 0o755))
	_, err = gobuild.Compile(t.Context(), "", "./testdata/server", filepath.Join(dir, "shop", "app"), "CGO_ENABLED=0", "GOARCH="+arch)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "shop", "Shop.Dockerfile"), []byte("FROM scratch\nCOPY app /app\nENTRYPOINT [\"/app\"]\n"), 0o600))
	return dir
}

func TestBuildContext(t *testing.T) {
	needDocker(t)
	before := left(t)
	c := started(t, Spec{Context: "shop", Dockerfile: "Shop.Dockerfile", Dir: buildContext(t), Port: 8080})
	assert.Equal(t, "ok\n", get(t, c.URL()))
	require.NoError(t, c.Stop(t.Context()))
	requireNothingLeft(t, before)
}

func TestStartFails(t *testing.T) {
	ok := server(t)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY nowhere /x\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Odd"), []byte("FROM scratch\nFETCH x\n"), 0o600))
	with := func(change func(*Spec)) Spec {
		s := ok
		change(&s)
		return s
	}
	for _, tt := range []struct {
		name string
		spec Spec
		want []string
	}{
		{"no such image", Spec{Ref: "memgate.invalid/no/such:1", Port: 80}, []string{`get image "memgate.invalid/no/such:1"`, "docker pull"}},
		{"not a reference", Spec{Ref: "NOT A REF", Port: 80}, []string{"invalid reference format"}},
		{"Dockerfile copies nothing", Spec{Context: dir, Port: 80}, []string{"build image from", "nowhere", "Step 2/"}},
		{"Dockerfile is wrong", Spec{Context: dir, Dockerfile: "Odd", Port: 80}, []string{"build image from", "FETCH"}},
		{"no Dockerfile", Spec{Context: t.TempDir(), Port: 80}, []string{"no such file", "Dockerfile"}},
		{"Go package does not compile", Spec{GoPackage: "./testdata/broken", Port: 80}, []string{"undefined: undefinedThing", "main.go:4"}},
		{"no Go package", Spec{GoPackage: "./testdata/nowhere", Port: 80}, []string{"nowhere", "directory not found"}},
		{"no main package", Spec{GoPackage: "./testdata/library", Port: 80}, []string{"main package"}},
		{"a flag for a package", Spec{GoPackage: "-o/tmp/x", Port: 80}, []string{"does not begin with -"}},
		{"exits at its start", Spec{GoPackage: "./testdata/exits", Port: 80}, []string{"exited with code 3", "no configuration found"}},
		{"port never opens", Spec{GoPackage: "./testdata/mute", Port: 8080, ReadyWait: time.Second},
			[]string{"not ready within 1s", "tried 127.0.0.1:", "tried 172.", "still loading", "is running", hostOverride}},
		{"ready path answers 404", with(func(s *Spec) { s.ReadyPath, s.ReadyWait = "/debug/pprof/nothing", time.Second }), []string{"404"}},
		{"memory limit below the least", with(func(s *Spec) { s.Memory = 4096 }), []string{"inimum memory limit"}},
		{"reuse", with(func(s *Spec) { s.Options = options(testcontainers.WithReuseByName("x")) }), []string{"reuse"}},
		{"no such program", with(func(s *Spec) { s.Options = options(testcontainers.WithEntrypoint("/nothing")) }), []string{"/nothing", "check its entry point"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := left(t)
			_, err := Start(t.Context(), tt.spec)
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
			t.Log(err)
			requireNothingLeft(t, before)
		})
	}
}

func options(o ...testcontainers.ContainerCustomizer) []testcontainers.ContainerCustomizer { return o }

func TestStartIsCancelled(t *testing.T) {
	needDocker(t)
	before := left(t)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, errors.New("enough"))
	defer cancel()
	began := time.Now()
	_, err := Start(ctx, Spec{GoPackage: "./testdata/mute", Port: 8080})
	assert.Error(t, err)
	assert.Less(t, time.Since(began), 10*time.Second)
	requireNothingLeft(t, before)
}

func TestLimitsAndPublishedPorts(t *testing.T) {
	s := server(t)
	s.PprofPort, s.Memory, s.Reservation, s.CPUs = 6060, 64<<20, 32<<20, 0.5
	c := started(t, s)
	ctr, err := c.inspect(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 64<<20, ctr.HostConfig.Memory)
	assert.EqualValues(t, 64<<20, ctr.HostConfig.MemorySwap)
	assert.EqualValues(t, 32<<20, ctr.HostConfig.MemoryReservation)
	assert.EqualValues(t, 64<<20, c.Info().Limit)
	assert.Zero(t, c.Info().Swap)
	assert.InDelta(t, 0.5, c.Info().CPUs, 1e-9)
	published := 0
	for port, bindings := range ctr.NetworkSettings.Ports {
		for _, b := range bindings {
			published++
			assert.Equal(t, "127.0.0.1", b.HostIP.String(), port)
		}
	}
	assert.Equal(t, 2, published)
}

func TestOptionsAreHonoured(t *testing.T) {
	s := server(t)
	heard := make(chan string, 100)
	s.Env = map[string]string{"WHO": "spec"}
	s.Options = options(
		testcontainers.WithEnv(map[string]string{"WHO": "option", "MORE": "1"}),
		testcontainers.WithLabels(map[string]string{"shop": "yes"}),
		testcontainers.WithFiles(testcontainers.ContainerFile{Reader: strings.NewReader("x"), ContainerFilePath: "/tmp/file", FileMode: 0o644}),
		testcontainers.WithLogConsumers(consumer(heard)),
	)
	before := runtime.NumGoroutine()
	c := started(t, s)
	seen := get(t, c.URL()+"/env")
	assert.Contains(t, seen, "WHO=spec")
	assert.Contains(t, seen, "MORE=1")
	assert.Equal(t, []string{"MORE", "WHO"}, c.Info().EnvNames)
	ctr, err := c.inspect(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "yes", ctr.Config.Labels["shop"])
	assert.Contains(t, <-heard, "listening")
	require.NoError(t, c.Stop(t.Context()))
	http.DefaultClient.CloseIdleConnections()
	waitUntil(t, func() bool { return runtime.NumGoroutine() <= before }, "no goroutine is left")
}

type consumer chan string

func (c consumer) Accept(l testcontainers.Log) {
	select {
	case c <- string(l.Content):
	default:
	}
}

func TestAdoptLeavesTheUsersContainer(t *testing.T) {
	s := server(t)
	users, err := testcontainers.Run(t.Context(), s.Ref, testcontainers.WithExposedPorts("8080/tcp"), testcontainers.WithEnv(map[string]string{"TOKEN": "secret"}),
		testcontainers.WithLogger(tclog.NewNoopLogger()), testcontainers.WithLabels(labels("adopted")))
	defer func() { assert.NoError(t, testcontainers.TerminateContainer(users)) }()
	require.NoError(t, err)
	c, err := Adopt(t.Context(), users, Spec{Port: 8080, ReadyPath: "/"})
	require.NoError(t, err)
	assert.Equal(t, "ok\n", get(t, c.URL()))
	assert.Contains(t, c.Info().EnvNames, "TOKEN")
	assert.NotContains(t, fmt.Sprintf("%+v", c.Info()), "secret")
	require.NoError(t, c.Stop(t.Context()))
	assert.Equal(t, "ok\n", get(t, c.URL()), "it still runs")

	for _, wrong := range []Spec{{Port: 9090}, {Port: 8080, PprofPort: 9090}} { // each would wait a minute
		_, err = Adopt(t.Context(), users, wrong)
		assert.ErrorContains(t, err, "its port 9090 is not published, only 8080/tcp is: name a port that is, or publish it")
	}
	assert.Equal(t, "ok\n", get(t, c.URL()), "it still runs")
	_, err = Adopt(t.Context(), nil, Spec{Port: 8080})
	assert.ErrorContains(t, err, "there is none")
}

func TestEightInParallel(t *testing.T) {
	s := server(t)
	before, dir := left(t), buildContext(t)
	t.Run("eight", func(t *testing.T) {
		var mu sync.Mutex
		urls := map[string]bool{}
		for i := range 8 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				s := s
				switch i % 4 { // two of each kind at the same time
				case 0:
					s.Ref, s.GoPackage = "", "./testdata/server"
				case 1:
					s.Ref, s.Context, s.Dockerfile, s.Dir = "", "shop", "Shop.Dockerfile", dir
				}
				c := started(t, s)
				mu.Lock()
				assert.False(t, urls[c.URL()], "a URL of its own")
				urls[c.URL()] = true
				mu.Unlock()
				get(t, c.URL()+"/leak?mb=1")
				require.NoError(t, c.Stop(t.Context()))
			})
		}
	})
	requireNothingLeft(t, before)
}
