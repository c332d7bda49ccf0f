package memtest_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// trial is a run of so many MiB throughout, its live heap half of that.
func trial(name string, mib float64) *report.Record {
	ws := uint64(mib * mebi)
	return &report.Record{
		Schema: report.Schema, Name: name,
		Phases: []report.Phase{
			{Name: report.Load, To: 5 * time.Second}, {Name: report.Final, From: 5 * time.Second, To: 6 * time.Second},
		},
		Load:  load.Summary{Requests: 1000, Rate: 200, Success: 1, Latency: load.Latency{P99: 8 * time.Millisecond}},
		Trend: leak.Trend{PerRequest: profile.Estimate{Value: 2, Points: 10}},
		Samples: profile.Series{
			{Memory: profile.Memory{WorkingSet: ws}}, {At: 3 * time.Second, Memory: profile.Memory{WorkingSet: ws}}, {At: 6 * time.Second, Memory: profile.Memory{WorkingSet: ws}},
		},
		LiveHeaps: []profile.LiveHeap{{At: 5 * time.Second, HeapAlloc: ws / 2}},
	}
}

// trials are n runs around so many MiB, a hundredth of it apart.
func trials(name string, n int, mib float64) []*report.Record {
	all := make([]*report.Record, n)
	for i := range all {
		all[i] = trial(name, mib*(1+0.01*math.Sin(float64(i)*1.7+mib)))
	}
	return all
}

func TestNotWorse(t *testing.T) {
	for name, tc := range map[string]struct {
		before, after []*report.Record
		tolerance     memtest.Tolerance
		want          string // in the error; empty: it passes
	}{
		"the same":              {trials("a", 5, 40), trials("b", 5, 40), memtest.Tolerance{}, ""},
		"less":                  {trials("a", 5, 40), trials("b", 5, 30), memtest.Tolerance{}, ""},
		"more":                  {trials("a", 5, 40), trials("b", 5, 46), memtest.Tolerance{}, "memory got worse"},
		"more, of ten":          {trials("a", 10, 40), trials("b", 10, 42), memtest.Tolerance{}, "memory got worse"},
		"within the share":      {trials("a", 5, 40), trials("b", 5, 46), memtest.Tolerance{Relative: 0.2}, ""},
		"within the size":       {trials("a", 5, 40), trials("b", 5, 46), memtest.Tolerance{Absolute: "8MiB"}, ""},
		"a small target's more": {trials("a", 5, 4), trials("b", 5, 4.8), memtest.Tolerance{}, ""},
		"too few":               {trials("a", 4, 40), trials("b", 4, 60), memtest.Tolerance{}, "4 and 4 runs cannot tell 6 figures from chance: at least 5 each can: give Pair at least 5 trials"},
		"a long baseline":       {trials("a", 20, 40), trials("b", 3, 46), memtest.Tolerance{}, "memory got worse"},
		"none":                  {nil, trials("b", 5, 40), memtest.Tolerance{}, "there is no run before: give Pair at least 5 trials"},
		"bad tolerance":         {trials("a", 5, 40), trials("b", 5, 40), memtest.Tolerance{Relative: math.NaN()}, "tolerance: Relative is NaN: set a positive number"},
		"bad size":              {trials("a", 5, 40), trials("b", 5, 40), memtest.Tolerance{Absolute: "-3"}, `tolerance: Absolute: size "-3" is not understood`},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeTest{}
			ok := memtest.NotWorse(f, tc.before, tc.after, tc.tolerance)
			assert.Equal(t, tc.want == "", ok, f.errors)
			if tc.want != "" {
				require.Len(t, f.errors, 1)
				assert.Contains(t, f.errors[0], tc.want)
			}
		})
	}
}

func TestNotWorseMessage(t *testing.T) {
	before, after := trials("shop v1", 5, 40), trials("shop v2", 5, 46)
	after[0].Sites = []heap.Site{{Func: "main.put", File: "/src/shop.go", Line: 61, Bytes: 5 << 20, PerRequest: 500}}
	after[4].Report = "/tmp/TestShop.html"
	for _, r := range after {
		r.Trend.PerRequest.Value = 110
		r.Retained = []heap.Box{{After: 9 << 20}, {Depth: 1, Func: "main.load", After: 8 << 20}, {Depth: 2, Func: "strings.Repeat", After: 7 << 20}}
	}
	_, err := memtest.Tolerance{}.Check(before, after)
	require.Error(t, err)
	assert.NotErrorIs(t, err, memtest.ErrCannotTell)
	for _, part := range []string{
		`memory got worse from before ("shop v1") to after ("shop v2")`,
		"✗ peak working set     4", "MiB (+15.1%)", "95% CI +5.", "p=0.008 n=5+5", "allowed +1.2 MiB, noise floor ", "p=0.048 over 6 figures",
		"✓ p99 latency          8ms → 8ms", "where  +8.0 MiB (0.0 → 8.0)  main.load\n           +100 B/request (0 B → 100 B)  main.put  shop.go:61", "report /tmp/TestShop.html",
	} {
		assert.Contains(t, err.Error(), part)
	}
}

func TestNotWorseKeepsItsChecks(t *testing.T) {
	before, after := trials("a", 5, 40), trials("b", 5, 46)
	memtest.NotWorse(&fakeTest{}, before, after, memtest.Tolerance{})
	last := after[4]
	require.Len(t, last.Checks, 6)
	assert.Equal(t, "not worse: growth per request", last.Checks[0].Rule)
	assert.True(t, last.Checks[0].Passed())
	assert.Equal(t, "≤ +1.2 MiB", last.Checks[1].Allowed)
	assert.False(t, last.Checks[1].Passed())
	assert.Equal(t, "memtest/notworse_test.go", last.Checks[1].File)
	assert.Empty(t, after[0].Checks)
}

func TestNotWorseCannotTell(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(before, after []*report.Record)
		want   string
	}{
		"a trial that died": {func(_, after []*report.Record) {
			after[2].Notes = []report.Finding{{Kind: report.OOMKilled, Summary: `"b" was OOM-killed`, Fatal: true}}
		}, `trial 3 after is unusable: "b" was OOM-killed`},
		"requests that failed": {func(_, after []*report.Record) {
			for _, r := range after[1:] {
				r.Load.Success = 0.02
			}
		}, "4 of 5 trials after are unusable: up to 98.0% of their requests failed, so their memory is not comparable: fix"},
		"another load": {func(_, after []*report.Record) {
			for _, r := range after {
				r.Load.Rate = 120
			}
		}, "the load was not the same: 200 req/s before, 120 req/s after: lower the rate until both keep up"},
		"no live heap any more": {func(_, after []*report.Record) {
			for _, r := range after {
				r.LiveHeaps = nil
			}
		}, "live heap after GC: no run after the change has it"},
		"nothing measured": {func(before, after []*report.Record) {
			for i := range before {
				*before[i], *after[i] = report.Record{}, report.Record{}
			}
		}, "no figure was measured on both sides"},
	} {
		t.Run(name, func(t *testing.T) {
			before, after := trials("a", 5, 40), trials("b", 5, 40)
			tc.change(before, after)
			_, err := memtest.Tolerance{}.Check(before, after)
			require.ErrorIs(t, err, memtest.ErrCannotTell)
			assert.Contains(t, err.Error(), tc.want)
			after[4].AllowInconclusive = true
			_, err = memtest.Tolerance{}.Check(before, after)
			assert.Equal(t, name == "a trial that died" || name == "requests that failed", err != nil, "the scenario may allow it, but for what is no data")
		})
	}
}
