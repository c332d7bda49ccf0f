package target_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/faketarget"
	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
	"github.com/memgate/memgate/report/page"
)

// toy is a target of somebody else's, in a language that memgate has never heard of. It keeps
// a session and 1,000 B of each request.
type toy struct {
	*faketarget.Target
	runtime func(served *atomic.Int64) target.Runtime
	served  atomic.Int64
}

func (t *toy) Start(ctx context.Context) (*target.Instance, error) {
	t.Handler = func(http.ResponseWriter, *http.Request) { t.served.Add(1) }
	inst, err := t.Target.Start(ctx)
	if err == nil {
		inst.Runtime = t.runtime(&t.served)
	}
	return inst, err
}

// vm is the toy language's runtime: it tells what it is, and no more.
type vm struct{ served *atomic.Int64 }

func (vm) Info() profile.RuntimeInfo {
	return profile.RuntimeInfo{Name: "ToyVM", Version: "7.1", Measure: "start ToyVM with --tell", Task: "fibre"}
}

// walked is vm with a heap that can be walked.
type walked struct {
	vm
	err error
}

func (w walked) Walk(context.Context) (*profile.Paths, error) {
	n := w.served.Load()
	return &profile.Paths{
		Version: "ToyVM 7.1", Names: "class names", Bytes: uint64(48 + 1000*n), Objects: uint64(n + 1),
		Nodes: []profile.Node{
			{},
			{Root: profile.RootGlobal, Label: "shop.Sessions.ALL", Type: "HashMap", Count: 1},
			{Parent: 1, Type: "HashMap", Count: 1, Bytes: 48 + 40*n, Elements: n},
			{Parent: 2, Label: "[value]", Type: "shop.Session", Count: n, Bytes: 960 * n},
		},
	}, w.err
}

// collecting is vm with a collector.
type collecting struct{ vm }

func (c collecting) Collect(context.Context) (profile.LiveHeap, error) {
	return profile.LiveHeap{Took: time.Millisecond, HeapAlloc: 8<<20 + 1000*uint64(c.served.Load())}, nil
}

// impossible is a heap that nobody can have walked.
type impossible struct{ vm }

func (impossible) Walk(context.Context) (*profile.Paths, error) {
	return &profile.Paths{Nodes: []profile.Node{{}, {Parent: 9}}}, nil
}

var (
	_ target.HeapWalker = walked{}
	_ target.Collector  = collecting{}
	_ target.Runtime    = vm{}
)

// run measures a toy with that runtime.
func run(t *testing.T, mode memtest.HeapWalk, runtime func(*atomic.Int64) target.Runtime) (r *report.Record, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		fake := &toy{Target: &faketarget.Target{Retains: 1000}, runtime: runtime}
		r, err = memtest.Measure(t.Context(), memtest.Scenario{
			Name: "toy", Target: fake, HeapWalk: mode,
			Load:   load.Plan{Requests: load.Get("/"), Rate: 100, Duration: 60 * time.Second, Dial: fake.Dial},
			Warmup: 10 * time.Second, Settle: -1,
		})
	})
	return r, err
}

// TestHoldersOfAnothersTarget: whoever holds what grew is named, and decides, in a target
// whose runtime is nothing to us but a HeapWalker.
func TestHoldersOfAnothersTarget(t *testing.T) {
	r, err := run(t, memtest.HeapWalkRequired, func(served *atomic.Int64) target.Runtime { return walked{vm: vm{served}} })
	require.NoError(t, err)
	assert.Equal(t, leak.Leaking, r.Trend.Verdict, r.Trend.Reason)
	assert.Equal(t, leak.ReachableHeap, r.Trend.Signal)
	require.NotEmpty(t, r.Retainers)
	assert.Equal(t, "global variable shop.Sessions.ALL", r.Retainers[0].Name)
	assert.InDelta(t, 1, r.Retainers[0].Elements, 0.01)
	assert.InDelta(t, 1000, r.Retainers[0].PerRequest, 10)
	assert.Contains(t, r.RetainersHow, "ToyVM 7.1, class names")
	assert.ErrorContains(t, memtest.CheckLeak(r), "global variable shop.Sessions.ALL (HashMap)")

	var html bytes.Buffer
	require.NoError(t, page.HTML(&html, r))
	assert.Contains(t, html.String(), "ToyVM of the target")
	assert.NotContains(t, html.String(), "Go heap")
}

// TestWhatARuntimeSaysIsMasked: why its heap could not be walked may name a secret of the
// target's environment.
func TestWhatARuntimeSaysIsMasked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &toy{Target: &faketarget.Target{Retains: 1000, Vars: []string{"DB_PASSWORD=hunter2hunter"}}, runtime: func(n *atomic.Int64) target.Runtime {
			return walked{vm{n}, errors.New("cannot log in as hunter2hunter")}
		}}
		r, err := memtest.Measure(t.Context(), memtest.Scenario{
			Target: fake, WorkingSetLeaks: true, MaxDuration: -1,
			Load: load.Plan{Requests: load.Get("/"), Rate: 100, Duration: 60 * time.Second, Dial: fake.Dial},
		})
		require.NoError(t, err)
		assert.Equal(t, "cannot log in as •••", r.RetainersWhyNot)
	})
}

func TestHoldersThatAreRequiredAndCannotBe(t *testing.T) {
	for name, tt := range map[string]struct {
		runtime func(*atomic.Int64) target.Runtime
		want    string
	}{
		"no walker":       {func(n *atomic.Int64) target.Runtime { return vm{n} }, "target.HeapWalker"},
		"no runtime":      {func(*atomic.Int64) target.Runtime { return nil }, "target.HeapWalker"},
		"a walk fails":    {func(n *atomic.Int64) target.Runtime { return walked{vm{n}, errors.New("no safepoint")} }, "no safepoint"},
		"an absurd table": {func(n *atomic.Int64) target.Runtime { return impossible{vm{n}} }, "cannot be: node 1 cannot be"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(t, memtest.HeapWalkRequired, tt.runtime)
			require.ErrorContains(t, err, "as Scenario.HeapWalk requires: ")
			assert.ErrorContains(t, err, tt.want)
		})
	}
}

// TestRemediesAreTheRuntimes: a run that nothing decides says what would in the runtime's own
// words, and the record says the same when it is judged again.
func TestRemediesAreTheRuntimes(t *testing.T) {
	r, err := run(t, memtest.HeapWalkOff, func(n *atomic.Int64) target.Runtime { return vm{n} })
	require.NoError(t, err)
	assert.Equal(t, leak.Inconclusive, r.Trend.Verdict)
	assert.Contains(t, r.Trend.Remedy, "start ToyVM with --tell; or accept")
	assert.NotContains(t, r.Trend.Remedy, "pprof")

	var file bytes.Buffer
	require.NoError(t, r.JSON(&file))
	again, err := report.Read(&file)
	require.NoError(t, err)
	assert.Equal(t, r.Env.Runtime, again.Env.Runtime)
	assert.Equal(t, r.Trend, leak.Detect(again.Evidence()))
}

// TestACollectorAloneDecides: no heap profile is asked for, and none is missed.
func TestACollectorAloneDecides(t *testing.T) {
	r, err := run(t, memtest.HeapWalkOff, func(n *atomic.Int64) target.Runtime { return collecting{vm{n}} })
	require.NoError(t, err)
	assert.Equal(t, leak.Leaking, r.Trend.Verdict, r.Trend.Reason)
	assert.Equal(t, leak.LiveHeap, r.Trend.Signal)
	assert.InDelta(t, 1000, r.Trend.PerRequest.Value, 50)
	assert.Empty(t, r.HeapProfiles)
	for _, n := range r.Notes {
		assert.NotContains(t, n.Text(), "profile")
	}
}

func TestExitInWords(t *testing.T) {
	for _, tt := range []struct {
		exit target.Exit
		want string
	}{
		{target.Exit{Code: 2}, "exited with code 2"},
		{target.Exit{Code: 2, Witness: "somebody"}, "exited with code 2 (somebody)"},
		{target.Exit{Code: 139}, "exited with code 139 (SIGSEGV)"},
		{target.Exit{Code: 137}, "was killed (exit code 137, SIGKILL; no witness of an OOM kill)"},
		{target.Exit{Code: 137, OOMKilled: true, Witness: "inspect"}, "was OOM-killed (exit code 137; witness: inspect)"},
		{target.Exit{Code: -1, Witness: "somebody removed the container"}, "is gone (somebody removed the container)"},
	} {
		assert.EqualError(t, tt.exit, tt.want)
	}
}

// TestLimitedLeavesTheOriginal: a search sets limits on copies.
func TestLimitedLeavesTheOriginal(t *testing.T) {
	for _, of := range []target.Limited{
		memtest.Image{Ref: "shop:dev", Env: map[string]string{"A": "1"}, MemoryLimit: "64MiB"},
		memtest.Process{Go: "./cmd/shop", Env: map[string]string{"A": "1"}, MemoryLimit: "64MiB"},
	} {
		other := of.WithMemoryLimit(128 << 20).WithEnv(map[string]string{"A": "2", "B": "3"})
		env, limit := settingsOf(t, other)
		assert.Equal(t, map[string]string{"A": "2", "B": "3"}, env)
		assert.Equal(t, memtest.SizeOf(128<<20), limit)
		env, limit = settingsOf(t, of)
		assert.Equal(t, map[string]string{"A": "1"}, env)
		assert.Equal(t, memtest.Size("64MiB"), limit)
		_, limit = settingsOf(t, of.WithMemoryLimit(0))
		assert.Empty(t, limit)
	}
}

func settingsOf(t *testing.T, of target.Limited) (map[string]string, memtest.Size) {
	t.Helper()
	switch of := of.(type) {
	case memtest.Image:
		return of.Env, of.MemoryLimit
	case memtest.Process:
		return of.Env, of.MemoryLimit
	}
	require.Fail(t, "another type")
	return nil, ""
}
