package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/report"
	"github.com/memgate/memgate/report/compare"
)

// shop is the server with one kind of catalogue, under a load of three seconds.
func shop(catalogue string) memtest.Scenario {
	return memtest.Scenario{
		Name: catalogue,
		Target: memtest.Image{
			Go: "./server", Port: 8080, Ready: "/healthz", MemoryLimit: "256MiB", Args: []string{"-catalogue=" + catalogue},
		},
		Load:   load.Plan{Requests: load.Get("/product"), Rate: 200, Duration: 3 * time.Second},
		Warmup: time.Second, Settle: time.Second,
	}
}

// TestChangesOfFifteenPercent is what make compare runs: the index costs 15 % and is
// found, the compact catalogue saves 15 % and passes; seen the other way round it is
// found too. Fifteen trials take two to three minutes.
func TestChangesOfFifteenPercent(t *testing.T) {
	if os.Getenv("COMPARE") == "" {
		t.Skip("takes three minutes: make compare runs it")
	}
	began := time.Now()
	runs := memtest.Matrix(t, 5, shop("plain"), shop("indexed"), shop("compact"))
	plain, indexed, compact := runs[0], runs[1], runs[2]
	t.Logf("15 trials in %v", time.Since(began).Round(time.Second))

	assertWorse(t, plain, indexed)
	assert.True(t, memtest.NotWorse(t, plain, compact, memtest.Tolerance{}))
	assertWorse(t, compact, plain)
}

func assertWorse(t *testing.T, before, after []*report.Record) {
	t.Helper()
	_, err := memtest.Tolerance{}.Check(before, after)
	require.Error(t, err)
	assert.NotErrorIs(t, err, memtest.ErrCannotTell)
	assert.ErrorContains(t, err, "✗ live heap after GC")
	assert.ErrorContains(t, err, "where  +")
	t.Logf("%s", err)
}

// TestWhatGOGCCosts ranks settings of the runtime by what they cost under one load.
func TestWhatGOGCCosts(t *testing.T) {
	if os.Getenv("COMPARE") == "" {
		t.Skip("takes three minutes: make compare runs it")
	}
	var variants []memtest.Scenario
	for _, setting := range [][2]string{{"GOGC", "100"}, {"GOGC", "25"}, {"GOGC", "400"}, {"GOMEMLIMIT", "48MiB"}} {
		s, image := shop("plain"), shop("plain").Target.(memtest.Image)
		image.Env = map[string]string{setting[0]: setting[1]}
		s.Name, s.Target = setting[0]+"="+setting[1], image
		variants = append(variants, s)
	}
	ranking := compare.Rank(memtest.Matrix(t, 5, variants...)...)
	ranks := map[string]int{}
	for _, v := range ranking.Variants {
		ranks[v.Name] = v.Rank
	}
	assert.Less(t, ranks["GOGC=25"], ranks["GOGC=100"], "%v", ranks)
	assert.Less(t, ranks["GOMEMLIMIT=48MiB"], ranks["GOGC=100"], "%v", ranks)
	assert.Less(t, ranks["GOGC=100"], ranks["GOGC=400"], "%v", ranks)
}

// TestOnePair is the same machinery in seconds: with one trial each nothing can be told,
// and nothing passes.
func TestOnePair(t *testing.T) {
	if testing.Short() {
		t.Skip("takes containers, and -short is set")
	}
	memtest.SkipWithoutDocker(t)
	before, after := memtest.Pair(t, 1, shop("plain"), shop("indexed"))
	_, err := memtest.Tolerance{}.Check(before, after)
	assert.ErrorIs(t, err, memtest.ErrCannotTell)
	assert.ErrorContains(t, err, "give Pair at least 5 trials")

	c := compare.Runs(before, after)
	indexed := slices.IndexFunc(c.Retained, func(h compare.RetainedDelta) bool { return h.Func == "main.indexed" })
	require.GreaterOrEqual(t, indexed, 0, "what costs more is named, if not always first: profiles are samples")
	assert.Greater(t, c.Retained[indexed].After, c.Retained[indexed].Before)
	for _, d := range c.Deltas {
		if d.Metric == report.LiveHeap {
			assert.InDelta(t, 1.17, d.After/d.Before, 0.05)
		}
	}
}

// TestIdenticalPairs is what make compare-identical runs: as many pairs of the same
// server against itself as COMPARE_IDENTICAL says, none of which may be found worse.
func TestIdenticalPairs(t *testing.T) {
	pairs, _ := strconv.Atoi(os.Getenv("COMPARE_IDENTICAL"))
	if pairs == 0 {
		t.Skip("takes a quarter of an hour: make compare-identical runs it")
	}
	flagged := 0
	for i := range pairs {
		t.Run(fmt.Sprint(i+1), func(t *testing.T) {
			before, after := shop("plain"), shop("plain")
			before.Name, after.Name = "", ""
			b, a := memtest.Pair(t, 5, before, after)
			if !memtest.NotWorse(t, b, a, memtest.Tolerance{}) {
				flagged++
			}
			for _, d := range compare.Runs(b, a).Deltas {
				t.Logf("%-20s CV %5.2f%%  %s", d.Metric.Name(), 100*d.Spread/d.Before, d)
			}
		})
	}
	t.Logf("%d of %d identical pairs were called worse", flagged, pairs)
}
