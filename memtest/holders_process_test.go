//go:build unix

package memtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/process"
	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest/runtimes"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/report"
)

// shapedProcess is a run of a process that leaks: a server of internal/holders/testdata/shapes.
func shapedProcess(command ...string) Scenario {
	p := Process{Command: command, Ready: "/fill", Env: map[string]string{"SHAPE": "server"}}
	if len(command) == 0 {
		p.Go = "../internal/holders/testdata/shapes"
	}
	return Scenario{
		Name: "server", Target: p, HeapWalk: HeapWalkRequired,
		Load:   load.Plan{Requests: load.Get("/x"), Rate: 400, Duration: 4 * time.Second},
		Warmup: time.Second, Settle: -1, MaxDuration: -1,
	}
}

// TestHoldersOfAProcess: the heap of a child is read from this process, and that of a
// program which a shell has started.
func TestHoldersOfAProcess(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds of real processes, and -short is set")
	}
	if runtime.GOOS != "linux" {
		t.Skip("another process's heap can be read on Linux only")
	}
	exe := builtShapes(t)
	for name, command := range map[string][]string{"child": {exe}, "of a shell": {"sh", "-c", exe + " & wait"}} {
		t.Run(name, func(t *testing.T) {
			r, err := Measure(t.Context(), shapedProcess(command...))
			require.NoError(t, err)
			assert.Contains(t, r.RetainersHow, "heap read out of process (go1.")
			require.NotEmpty(t, r.Retainers, "%s (%s; %s)", r.RetainersWhyNot, r.Trend.Verdict, r.Trend.Reason)
			assert.Equal(t, "field main.server.sessions", r.Retainers[0].Name)
			assert.InDelta(t, 1, r.Retainers[0].Elements, 0.05)
		})
	}
}

// ownTarget is a Go program that somebody else starts in a way of their own.
type ownTarget struct{ command []string }

func (o ownTarget) Start(ctx context.Context) (*target.Instance, error) {
	child, err := process.Start(ctx, process.Spec{Command: o.command, ReadyPath: "/fill", Env: map[string]string{"SHAPE": "server"}})
	if err != nil {
		return nil, err
	}
	inst, err := child.Instance()
	if err != nil {
		return nil, errors.Join(err, child.Stop(ctx))
	}
	runtime, release := runtimes.Go(child.URL()+"/debug/pprof", child.Info().PID)
	stop := inst.Stop
	inst.Runtime = runtime
	inst.Stop = func(ctx context.Context) error { return errors.Join(release(ctx), stop(ctx)) }
	return inst, nil
}

// TestHoldersOfATargetOfOnesOwn: runtimes.Go can all that the runtimes of our targets can.
func TestHoldersOfATargetOfOnesOwn(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds of real processes, and -short is set")
	}
	if runtime.GOOS != "linux" {
		t.Skip("another process's heap can be read on Linux only")
	}
	s := shapedProcess()
	s.Target = ownTarget{[]string{builtShapes(t)}}
	r, err := Measure(t.Context(), s)
	require.NoError(t, err)
	assert.Contains(t, r.RetainersHow, "heap read out of process (go1.")
	require.NotEmpty(t, r.Retainers, "%s (%s; %s)", r.RetainersWhyNot, r.Trend.Verdict, r.Trend.Reason)
	assert.Equal(t, "field main.server.sessions", r.Retainers[0].Name)
}

// TestHoldersOfAProcessThatDies: the run tells of the death, not of the heap.
func TestHoldersOfAProcessThatDies(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds of real processes, and -short is set")
	}
	if runtime.GOOS != "linux" {
		t.Skip("another process's heap can be read on Linux only")
	}
	s := shapedProcess(builtShapes(t))
	child, err := process.Start(t.Context(), process.Spec{Command: []string{builtShapes(t)}, ReadyPath: "/fill", Env: map[string]string{"SHAPE": "server"}})
	require.NoError(t, err)
	inst, err := child.Instance()
	require.NoError(t, err)
	defer func() { require.NoError(t, inst.Stop(t.Context())) }()
	heap := inst.Runtime.(target.HeapWalker)
	_, err = heap.Walk(t.Context())
	require.NoError(t, err)
	pid := child.Info().PID
	time.AfterFunc(5*time.Millisecond, func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	require.Eventually(t, func() bool { _, err = heap.Walk(t.Context()); return err != nil }, 10*time.Second, time.Millisecond)
	assert.Regexp(t, "ended|is no more|no such", err.Error())
	assert.Equal(t, 137, (<-inst.Exited).Code)

	s.Load = load.Plan{Requests: load.Get("/x"), Rate: 100, Duration: time.Minute}
	s.Target = Process{Command: []string{"sh", "-c", builtShapes(t) + " & sleep 3; kill -9 $!; exit 7"}, Ready: "/fill", Env: map[string]string{"SHAPE": "server"}}
	r, err := Measure(t.Context(), s)
	require.NoError(t, err)
	require.NotEmpty(t, r.Notes)
	assert.Equal(t, report.Exited, r.Notes[len(r.Notes)-1].Kind)
	assert.Empty(t, r.Retainers)
}

// TestHoldersAsAnOrdinaryUser runs this test's binary again as nobody, who may look at
// what it started itself.
func TestHoldersAsAnOrdinaryUser(t *testing.T) {
	const nobody = 65534
	if os.Getenv("MEMTEST_AS_NOBODY") != "" {
		r, err := Measure(t.Context(), shapedProcess(os.Getenv("MEMTEST_AS_NOBODY")))
		require.NoError(t, err)
		require.NotEmpty(t, r.Retainers, r.RetainersWhyNot)
		fmt.Println("named:", r.Retainers[0].Name)
		return
	}
	if testing.Short() {
		t.Skip("takes seconds of real processes, and -short is set")
	}
	if os.Getuid() != 0 || runtime.GOOS != "linux" {
		t.Skip("it takes root to become another user")
	}
	dir, err := os.MkdirTemp("", "memtest-nobody-") // t.TempDir lies where nobody may not go
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chown(dir, nobody, nobody))
	for from, to := range map[string]string{"/proc/self/exe": "test", builtShapes(t): "shapes"} {
		program, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, to), program, 0o755))
		require.NoError(t, os.Chmod(filepath.Join(dir, to), 0o755))
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "test"), "-test.run=^TestHoldersAsAnOrdinaryUser$", "-test.count=1")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "MEMTEST_AS_NOBODY="+filepath.Join(dir, "shapes"), "TMPDIR="+dir, "HOME="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "named: field main.server.sessions")
}

// builtShapes is the program of holders' tests.
func builtShapes(t *testing.T) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "shapes")
	cmd := exec.Command("go", "build", "-o", out, "../internal/holders/testdata/shapes")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, strings.TrimSpace(string(text)))
	return out
}
