package memtest_test

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// shopProcess is the leaking example as a child process, under so many seconds of load.
func shopProcess(t *testing.T, seconds int, p memtest.Process) memtest.Scenario {
	s := shop(seconds)
	if p.Ready = "/healthz"; p.Go == "" {
		p.Command = program(t, "../examples/leaky/server")
	}
	s.Target = p
	return s
}

func TestProcessIsATargetLikeAContainer(t *testing.T) {
	for _, source := range []string{"", "proc"} {
		t.Run(source, func(t *testing.T) {
			process := memtest.Process{Source: source, Env: map[string]string{"SECRET": "canary"}}
			target := "process " + program(t, "../examples/leaky/server")[0]
			if source == "" {
				process.Go, target = "../examples/leaky/server", "process of Go package ../examples/leaky/server"
			}
			s := shopProcess(t, 2, process)
			s.MaxDuration = -1
			r, err := memtest.Measure(t.Context(), s)
			require.NoError(t, err)
			assert.Empty(t, r.Notes)
			assert.InDelta(t, 100, r.Load.Requests, 25)
			assert.Greater(t, len(r.Samples), 10)
			assert.NotEmpty(t, r.LiveHeaps)
			assert.Equal(t, []string{"SECRET"}, r.Env.EnvNames)
			assert.Equal(t, target, r.Env.Target)
			if source == "proc" && runtime.GOOS == "linux" {
				assert.Equal(t, "/proc", r.Source.Kind)
				assert.NotEmpty(t, r.Source.Why)
			}
			checks, err := memtest.Budget{Peak: "200MiB", Settled: "200MiB"}.Check(r)
			require.NoError(t, err)
			assert.Len(t, checks, 2)
			_, err = memtest.Budget{Peak: "1MiB"}.Check(r)
			assert.ErrorContains(t, err, "memory budget exceeded")
		})
	}
}

// death is the finding that the target ended. A warning of gaps in the samples may follow
// it on a machine that is busy.
func death(t *testing.T, r *report.Record) report.Finding {
	t.Helper()
	at := slices.IndexFunc(r.Notes, func(f report.Finding) bool { return f.Kind == report.Exited || f.Kind == report.OOMKilled })
	require.GreaterOrEqual(t, at, 0, "%v", r.Notes)
	return r.Notes[at]
}

func TestProcessOOMKilledUnderLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds of real processes, and -short is set")
	}
	s := shopProcess(t, 30, memtest.Process{MemoryLimit: "16MiB"})
	s.Load = load.Plan{Requests: load.Get("/checkout"), Rate: 800, Duration: 30 * time.Second}
	r, err := memtest.Measure(t.Context(), s)
	if err != nil {
		require.ErrorContains(t, err, "cannot be enforced without a control group")
		t.Skip(err)
	}
	died := death(t, r)
	assert.Equal(t, report.OOMKilled, died.Kind, died.Text())
	assert.Contains(t, died.Text(), "limit 16.0 MiB")
	assert.Contains(t, died.Text(), "witness: oom_kill 0 → 1")
	assert.ErrorContains(t, memtest.CheckLeak(r), "was OOM-killed")
}

func TestProcessThatCannotRun(t *testing.T) {
	for name, tt := range map[string]struct {
		process memtest.Process
		want    string
	}{
		"nothing is named":      {memtest.Process{}, "no program is named"},
		"a limit without group": {memtest.Process{Command: program(t, "../examples/leaky/server"), MemoryLimit: "64MiB", Source: "proc"}, "leave the limit out"},
		"a bad size":            {memtest.Process{Go: "../examples/leaky/server", MemoryLimit: "many"}, `process's MemoryLimit: size "many"`},
		"a bad pprof":           {memtest.Process{Go: "../examples/leaky/server", Pprof: "6060"}, `pprof "6060"`},
		"a bad source":          {memtest.Process{Go: "../examples/leaky/server", Source: "stats"}, `memory source "stats"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := shop(1)
			s.Target = tt.process
			_, err := memtest.Measure(t.Context(), s)
			assert.ErrorContains(t, err, tt.want)
		})
	}
	s := shop(1)
	s.Target = memtest.Process{Command: []string{"sh", "-c", "echo no config; exit 3"}}
	r, err := memtest.Measure(t.Context(), s)
	require.NoError(t, err)
	require.Len(t, r.Notes, 1)
	assert.Regexp(t, `exited with code 3 at 00:\d\d, before it was ready: its last log lines`, r.Notes[0].Text())
	assert.Equal(t, "no config", r.Notes[0].Logs)
	assert.Equal(t, leak.Inconclusive, r.Trend.Verdict)
}
