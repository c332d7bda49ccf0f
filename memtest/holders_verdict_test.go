package memtest_test

import (
	"bytes"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/faketarget"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// sessionsOf is a heap with a map of so many sessions.
func sessionsOf(n int64) *profile.Paths {
	p := &profile.Paths{Version: "go1.26.8", Names: "symbols and types", Nodes: []profile.Node{
		{},
		{Root: profile.RootGlobal, Label: "example.com/shop.sessions", Type: "map[string]*shop.session", Count: 1},
		{Parent: 1, Type: "map[string]*shop.session", Count: 1, Bytes: 48 + 40*n, Elements: n},
		{Parent: 2, Label: "[value]", Type: "example.com/shop.session", Count: n, Bytes: 960 * n},
	}}
	p.Bytes, p.Objects = uint64(48+1000*n), uint64(n+1)
	p.Marked, p.Allocated = p.Bytes, p.Bytes
	return p
}

// readRun is a run of a target that says nothing of its heap, grows by 1,000 B with each
// request as the kernel has it, and keeps so many sessions after so many requests.
func readRun(t *testing.T, mode memtest.HeapWalk, sessions func(served int64) int64) (r *report.Record) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var served atomic.Int64
		target := &faketarget.Target{Retains: 1000, NoRuntime: true, Handler: func(http.ResponseWriter, *http.Request) { served.Add(1) }}
		s := scenario(target)
		s.HeapWalk = mode
		s.Target = memtest.Read{Target: target, Paths: func() (*profile.Paths, error) {
			if sessions == nil {
				return nil, errors.New("the heap is too large")
			}
			return sessionsOf(sessions(served.Load())), nil
		}}
		var err error
		r, err = memtest.Measure(t.Context(), s)
		require.NoError(t, err)
	})
	return r
}

// TestWhoHoldsItDecides: where there is no pprof, the curve of the working set is no
// proof, and what is reachable is.
func TestWhoHoldsItDecides(t *testing.T) {
	t.Parallel()
	r := readRun(t, memtest.HeapWalkAuto, func(served int64) int64 { return served })
	assert.Equal(t, leak.Leaking, r.Trend.Verdict, r.Trend.Reason)
	assert.Equal(t, leak.ReachableHeap, r.Trend.Signal)
	assert.Len(t, r.Reachable, 6, "after the warm-up, four times in pauses, at the end")
	require.NotEmpty(t, r.Retainers)
	assert.Equal(t, []uint64{1000, 7000}, r.Retainers[0].Counts[:2])
	text := memtest.CheckLeak(r).Error()
	assert.Contains(t, text, `memory leak in "fake" (reachable heap)`)
	assert.Contains(t, text, "one more element per request (1,000 → 7,000 → ")
	assert.Contains(t, text, "why    decided by the heap walk: global variable example.com/shop.sessions (map[string]*shop.session) gains 1.00 elements per request (1,000 → 7,000 → ")

	var file bytes.Buffer
	require.NoError(t, r.JSON(&file))
	again, err := report.Read(&file)
	require.NoError(t, err)
	assert.Equal(t, r.Trend, leak.Detect(again.Evidence()), "the record is judged the same way again")
}

func TestWhoHoldsItDoesNotDecide(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		mode     memtest.HeapWalk
		sessions func(int64) int64
		looks    int
	}{
		{"a cache that is full in the last part", memtest.HeapWalkAuto, func(served int64) int64 { return min(served, 16_500) }, 6},
		{"a heap that cannot be read", memtest.HeapWalkAuto, nil, 0},
		{"holders are off", memtest.HeapWalkOff, func(served int64) int64 { return served }, 0},
		{"what is reachable does not grow, and memory does", memtest.HeapWalkAuto, func(int64) int64 { return 1000 }, 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := readRun(t, tt.mode, tt.sessions)
			assert.Equal(t, leak.Inconclusive, r.Trend.Verdict, r.Trend.Reason)
			assert.Len(t, r.Reachable, tt.looks)
		})
	}
}
