package memtest_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/testcontainers/testcontainers-go"

	"github.com/memgate/memgate/internal/index"
	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/report"
)

// shop is the leaking example as a target, under so many seconds of load.
func shop(seconds int) memtest.Scenario {
	return memtest.Scenario{
		Target: memtest.Image{Go: "../examples/leaky/server", Port: 8080, Ready: "/healthz", MemoryLimit: "128MiB"},
		Load:   load.Plan{Requests: load.Get("/checkout"), Rate: 50, Duration: time.Duration(seconds) * time.Second},
		Warmup: -1,
		Settle: -1,

		MaxDuration: -1,
	}
}

func needDocker(t *testing.T) *testcontainers.DockerClient {
	t.Helper()
	if testing.Short() {
		t.Skip("takes a container, and -short is set")
	}
	memtest.SkipWithoutDocker(t)
	engine, err := testcontainers.NewDockerClientWithOpts(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { engine.Close() })
	return engine
}

// dockerAnswers tells whether an engine does. It fails the test where one must.
func dockerAnswers(t *testing.T) bool {
	t.Helper()
	_, yes := memtest.Image{}.Or(t, memtest.Process{}).(memtest.Image)
	return yes
}

// left is what the engine has with that label, and in the label's value that text:
// containers and images.
func left(t *testing.T, engine *testcontainers.DockerClient, label, text string) (ids []string) {
	t.Helper()
	filters := make(client.Filters).Add("label", label)
	containers, err := engine.ContainerList(context.Background(), client.ContainerListOptions{All: true, Filters: filters})
	require.NoError(t, err)
	for _, c := range containers.Items {
		if strings.Contains(c.Labels[label], text) {
			ids = append(ids, c.ID)
		}
	}
	images, err := engine.ImageList(context.Background(), client.ImageListOptions{All: true, Filters: filters})
	require.NoError(t, err)
	for _, i := range images.Items {
		if strings.Contains(i.Labels[label], text) {
			ids = append(ids, i.ID)
		}
	}
	return ids
}

// leftOf is what the engine has of a process's.
func leftOf(t *testing.T, engine *testcontainers.DockerClient, pid int) []string {
	t.Helper()
	return left(t, engine, "dev.memgate.owner", fmt.Sprintf(" pid=%d ", pid))
}

func TestContainerKilledInTheMiddleOfLoad(t *testing.T) {
	engine := needDocker(t)
	s := shop(30)
	image := s.Target.(memtest.Image)
	image.Options = []testcontainers.ContainerCustomizer{testcontainers.WithLabels(map[string]string{"memgate.test": t.Name()})}
	s.Target = image

	go func() {
		for range 100 {
			time.Sleep(200 * time.Millisecond)
			if ids := left(t, engine, "memgate.test", t.Name()); len(ids) > 0 {
				time.Sleep(3 * time.Second) // into the load
				_, _ = engine.ContainerKill(context.Background(), ids[0], client.ContainerKillOptions{Signal: "KILL"})
				return
			}
		}
	}()
	r, err := memtest.Measure(t.Context(), s)
	require.NoError(t, err)
	died := death(t, r)
	assert.Equal(t, report.Exited, died.Kind, "a SIGKILL is no OOM kill")
	assert.Regexp(t, `was killed at 00:\d\d in the load phase after .* requests \(exit code 137, SIGKILL; no witness of an OOM kill; .*in the last second`, died.Text())
	assert.Less(t, died.At, 15*time.Second, "it is seen at once")
	assert.NotEmpty(t, r.Samples)
	assert.ErrorContains(t, memtest.CheckLeak(r), "was killed")
	assert.Empty(t, left(t, engine, "memgate.test", t.Name()))
}

func TestContainerOOMKilledUnderLoad(t *testing.T) {
	needDocker(t)
	s := shop(30)
	image := s.Target.(memtest.Image)
	image.MemoryLimit = "12MiB"
	s.Target = image
	s.Load = load.Plan{Requests: load.Get("/checkout"), Rate: 800, Duration: 30 * time.Second}

	r, err := memtest.Measure(t.Context(), s)
	require.NoError(t, err)
	died := death(t, r)
	assert.Equal(t, report.OOMKilled, died.Kind, died.Text())
	assert.Contains(t, died.Text(), "limit 12.0 MiB, working set up to 1")
	assert.ErrorContains(t, memtest.CheckLeak(r), "was OOM-killed")
	_, err = memtest.Budget{NoOOM: true}.Check(r)
	assert.ErrorContains(t, err, "was OOM-killed")
}

func TestEightTargetsInParallel(t *testing.T) {
	engine := needDocker(t)
	dir := t.TempDir()
	t.Setenv("MEMTEST_DIR", dir)
	t.Run("group", func(t *testing.T) {
		for i := range 8 {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				r := memtest.Run(t, shop(3))
				assert.InDelta(t, 150, r.Load.Requests, 30)
				assert.Equal(t, 1.0, r.Load.Success)
			})
		}
	})
	reports, err := filepath.Glob(filepath.Join(dir, "TestEight*.html"))
	require.NoError(t, err)
	assert.Len(t, reports, 8)
	index, err := os.ReadFile(filepath.Join(dir, index.IndexFile))
	require.NoError(t, err)
	for i := range 8 {
		assert.Contains(t, string(index), fmt.Sprintf("group.%d.html", i))
	}
	assert.Empty(t, leftOf(t, engine, os.Getpid()))
}

// TestChild is not a test but what the tests below run as a process of its own, to be
// interrupted.
func TestChild(t *testing.T) {
	seconds, err := strconv.Atoi(os.Getenv("MEMTEST_TEST_CHILD"))
	if err != nil {
		t.Skip("runs only as a child of TestNothingIsLeft")
	}
	memtest.Run(t, shop(seconds))
}

func TestNothingIsLeft(t *testing.T) {
	engine := needDocker(t)
	for name, tc := range map[string]struct {
		signal  os.Signal
		timeout string // -test.timeout of the child
		swept   bool   // only the next run cleans up
	}{
		"SIGINT":            {signal: syscall.SIGINT, timeout: "2m"},
		"SIGTERM":           {signal: syscall.SIGTERM, timeout: "2m"},
		"-test.timeout":     {timeout: "14s"},
		"SIGKILL, next run": {signal: syscall.SIGKILL, timeout: "2m", swept: true},
	} {
		t.Run(name, func(t *testing.T) {
			child := startChild(t, "7", tc.timeout)
			if tc.signal != nil {
				child.awaitLoad(t)
				require.NotEmpty(t, leftOf(t, engine, child.Process.Pid), "there is something to clean up")
				require.NoError(t, child.Process.Signal(tc.signal))
			}
			_ = child.Wait()
			if tc.swept {
				require.NotEmpty(t, leftOf(t, engine, child.Process.Pid), "SIGKILL leaves it to the next run")
				next := startChild(t, "1", "1m")
				require.NoError(t, next.Wait())
			}
			assert.Empty(t, leftOf(t, engine, child.Process.Pid))
			folders, err := filepath.Glob(filepath.Join(child.tmp, "*"))
			require.NoError(t, err)
			for _, f := range folders {
				assert.Contains(t, filepath.Base(f), "memtest-", "only the folder of reports lasts")
			}
		})
	}
}

type child struct {
	*exec.Cmd
	out io.Reader
	tmp string
}

func startChild(t *testing.T, seconds, timeout string) *child {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.v", "-test.timeout="+timeout)
	tmp := t.TempDir()
	cmd.Env = append(os.Environ(), "MEMTEST_TEST_CHILD="+seconds, "TMPDIR="+tmp)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return &child{Cmd: cmd, out: out, tmp: tmp}
}

// awaitLoad returns when the child says that it loads its target.
func (c *child) awaitLoad(t *testing.T) {
	t.Helper()
	var said strings.Builder
	lines := bufio.NewScanner(c.out)
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "  load ") {
			time.Sleep(500 * time.Millisecond)
			return
		}
	}
	require.Fail(t, "the child did not come to its load", said.String())
}

// A container of 64 MiB is driven into its OOM kill. MEMTEST_RUNS=10 is the number of
// runs that the project promises 9 of 10 for.
func TestProfileFromBeforeAnOOMKill(t *testing.T) {
	needDocker(t)
	runs, held := 2, 0
	_, _ = fmt.Sscan(os.Getenv("MEMTEST_RUNS"), &runs)
	for range runs {
		s := shop(60)
		image := s.Target.(memtest.Image)
		image.MemoryLimit = "64MiB"
		s.Target = image
		s.Load = load.Plan{Requests: load.Get("/checkout"), Rate: 2000, Duration: 3 * time.Minute} // at its limit it may thrash for long before the kill
		r, err := memtest.Measure(t.Context(), s)
		require.NoError(t, err)
		end := slices.IndexFunc(r.Notes, func(f report.Finding) bool { return f.Fatal })
		require.GreaterOrEqual(t, end, 0, r.Notes)
		died := r.Notes[end]
		require.Equal(t, report.OOMKilled, died.Kind, died.Text())
		require.NotEmpty(t, r.Alarms)
		for _, a := range r.Alarms {
			t.Logf("%v %s: working set %s, %s %s", a.At, a.Why, words.MiB(a.WorkingSet), tell.Alarm(a), a.WhyNot)
		}
		if a := r.Alarms[0]; assert.Empty(t, a.WhyNot) { // the last one may find it gone
			assert.Equal(t, "app", a.Command)
			assert.Greater(t, a.Anon, a.WorkingSet/2)
			assert.Less(t, a.RSS, uint64(80*mebi))
			assert.LessOrEqual(t, a.Anon+a.File+a.Shmem, a.RSS)
			assert.GreaterOrEqual(t, a.Largest[0].RSS, a.RSS/4)
			assert.Contains(t, died.Text(), "; process from ")
		}
		if n := len(r.HeapProfiles); n > 0 && r.HeapProfiles[n-1].Why != "" && r.HeapProfiles[n-1].At < died.At && len(r.Sites) > 0 && r.Sites[0].Func == "main.(*auditLog).record" {
			held++
		}
		t.Logf("%d profiles: %s", len(r.HeapProfiles), died.Text())
	}
	t.Logf("a profile from before the kill, with the leaking function on top, in %d of %d runs", held, runs)
	assert.GreaterOrEqual(t, held, runs*9/10)
}
