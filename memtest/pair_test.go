package memtest_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/faketarget"
	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/report"
	"github.com/memgate/memgate/report/compare"
)

// fresh is a Target that makes a target for each of its starts, and the Dial that
// reaches the one that runs.
type fresh struct {
	make    func(n int) *faketarget.Target
	running *faketarget.Target
	started int
}

func (f *fresh) Start(ctx context.Context) (*target.Instance, error) {
	f.started++
	f.running = f.make(f.started)
	return f.running.Start(ctx)
}

func (f *fresh) scenario() memtest.Scenario {
	return memtest.Scenario{
		Target: f, Warmup: time.Second, Settle: time.Second,
		Load: load.Plan{Requests: load.Get("/"), Rate: 20, Duration: 10 * time.Second, Dial: f.dialer()},
	}
}

// dialer dials the target that runs.
func (f *fresh) dialer() func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		return f.running.Dial(ctx, network, address)
	}
}

// steadyTarget retains nothing.
func steadyTarget(int) *faketarget.Target { return &faketarget.Target{} }

func TestPairInterleavesFreshTrials(t *testing.T) {
	t.Setenv("MEMTEST_SEED", "7")
	summary := filepath.Join(t.TempDir(), "summary.md")
	t.Setenv("GITHUB_STEP_SUMMARY", summary)
	a, b := &fresh{make: steadyTarget}, &fresh{make: func(int) *faketarget.Target { return &faketarget.Target{Retains: 30_000} }}
	f := &fakeTest{}
	var before, after []*report.Record
	dir := run(t, f, func(tb memtest.TB) {
		before, after = memtest.Pair(tb, 0, a.scenario(), b.scenario())
		assert.False(t, memtest.NotWorse(tb, before, after, memtest.Tolerance{}))
	})
	assert.Equal(t, [2]int{5, 5}, [2]int{a.started, b.started}, "five trials each, each on a fresh target")
	require.Len(t, before, 5)
	require.Len(t, after, 5)
	order := make([]string, 10)
	for n := range 5 {
		assert.Equal(t, "before", before[n].Name)
		x, y := before[n].Trial, after[n].Trial
		assert.Equal(t, [3]int{n + 1, n + 1, 10}, [3]int{x.N, y.N, x.Total})
		assert.Equal(t, uint64(7), y.Seed)
		assert.Equal(t, n, (x.Place-1)/2, "in each round each runs once")
		assert.Equal(t, n, (y.Place-1)/2)
		order[x.Place-1], order[y.Place-1] = "b", "a"
	}
	assert.Equal(t, "ab ab ba ba ab", strings.Join([]string{order[0] + order[1], order[2] + order[3], order[4] + order[5], order[6] + order[7], order[8] + order[9]}, " "), "the seed's order, the same everywhere")

	require.Len(t, f.errors, 1)
	assert.Contains(t, f.errors[0], "memory got worse from before to after")
	assert.Contains(t, f.errors[0], "✗ growth per request   0 B → 29.3 KiB")
	page := filepath.Join(dir, "TestOrders.comparison.html")
	assert.Contains(t, f.errors[0], "report "+page)
	for name, want := range map[string]string{page: "<title>worse: TestOrders</title>", strings.Replace(page, ".html", ".md", 1): "❌ TestOrders: worse", summary: "❌ TestOrders: worse"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, 1, strings.Count(string(text), want), "%s has it once, and nothing of single trials", name)
		assert.Contains(t, string(text), "SEED=7")
	}
	index, err := os.ReadFile(filepath.Join(dir, "index.html"))
	require.NoError(t, err)
	assert.Contains(t, string(index), `<a href="TestOrders.comparison.html">TestOrders comparison</a></th><td><span class="bad">✗ failed</span><br>Growth per request went from`)
	assert.NotContains(t, string(index), "no report")
	summaries := slices.DeleteFunc(f.logs, func(line string) bool { return !strings.Contains(line, "\n") }) // under -v there are lines of progress
	assert.Len(t, summaries, 1, "one comparison is logged, not ten summaries")
}

func TestPairThatCannotBeMade(t *testing.T) {
	died := &fresh{make: func(n int) *faketarget.Target {
		fake := &faketarget.Target{}
		if n == 2 {
			fake.DiesAfter, fake.Exit = 40, target.Exit{Code: 2, Logs: "panic: boom"}
		}
		return fake
	}}
	for name, tc := range map[string]struct {
		seed   string
		change func(b, a *memtest.Scenario)
		left   time.Duration
		want   string
		trials int
	}{
		"a bad seed": {"seven", func(_, _ *memtest.Scenario) {}, 0, `pair: MEMTEST_SEED "seven": set a whole number`, 0},
		"one name":   {"1", func(b, a *memtest.Scenario) { b.Name, a.Name = "x", "x" }, 0, `pair: two scenarios are named "x": give each a Name of its own`, 0},
		"no load":    {"1", func(_, a *memtest.Scenario) { a.Load = nil }, 0, "pair: after: scenario has no Load", 0},
		"too little time": {"1", func(_, _ *memtest.Scenario) {}, 100 * time.Second,
			"the test's deadline is in 1m40s, 10 trials take 2m0s, besides starting and stopping 10 targets, and 5s are kept to clean up: give go test a longer -timeout", 0},
		"a target that dies": {"1", func(_, a *memtest.Scenario) { a.Target = died }, 0, "(after): its target died: no comparison is possible", 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("MEMTEST_SEED", tc.seed)
			targets := &fresh{make: steadyTarget}
			died.started = 0
			f := &fakeTest{}
			dir := run(t, f, func(tb memtest.TB) {
				if tc.left > 0 {
					f.deadline = time.Now().Add(tc.left)
				}
				before, after := targets.scenario(), targets.scenario()
				if name == "a target that dies" {
					after.Load = died.scenario().Load
				}
				tc.change(&before, &after)
				memtest.Pair(tb, 5, before, after)
				t.Error("Pair returned")
			})
			require.NotEmpty(t, f.errors)
			assert.Contains(t, f.errors[len(f.errors)-1], tc.want)
			assert.Equal(t, tc.trials > 0, targets.started > 0, "nothing is started that cannot be ended")
			if tc.trials > 0 {
				assert.Contains(t, f.errors[0], "panic: boom")
				assert.True(t, died.running.Stopped())
				assert.Equal(t, 2, died.started, "no trial follows")
				assert.FileExists(t, filepath.Join(dir, "TestOrders.comparison.html"), "what there is is shown")
			}
		})
	}
}

func TestMatrixRanks(t *testing.T) {
	t.Setenv("MEMTEST_SEED", "3")
	var variants []memtest.Scenario
	for i, retains := range []uint64{20_000, 0, 0, 60_000} {
		target := &fresh{make: func(int) *faketarget.Target { return &faketarget.Target{Retains: retains} }}
		s := target.scenario()
		if i > 0 {
			s.Name = []string{"", "none", "none either", "much"}[i]
		}
		variants = append(variants, s)
	}
	f := &fakeTest{}
	var runs [][]*report.Record
	dir := run(t, f, func(tb memtest.TB) { runs = memtest.Matrix(tb, 5, variants...) })
	assert.Empty(t, f.errors)
	require.Len(t, runs, 4)
	ranking := compare.Rank(runs...)
	var ranks []string
	for _, v := range ranking.Variants {
		ranks = append(ranks, fmt.Sprint(v.Rank, " ", v.Name))
	}
	assert.Equal(t, []string{"1 none", "1 none either", "3 variant 1", "4 much"}, ranks)
	assert.Equal(t, "variant 1", ranking.First)
	assert.InDelta(t, 40_000*220, ranking.Variants[3].Change.Change.Value, 100_000, "against the first that was given, over its requests")
	assert.Empty(t, ranking.Warning)
	for _, name := range []string{"TestOrders.comparison.html", "TestOrders.comparison.md"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Contains(t, string(text), "none either")
		assert.Contains(t, string(text), "SEED=3")
	}
}
