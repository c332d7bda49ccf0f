package heap

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hoard keeps what it is asked to: the leak of TestGrowthOfThisProcess.
type hoard struct{ kept [][]byte }

//go:noinline
func (h *hoard) add() { h.kept = append(h.kept, make([]byte, 10_000)) }

//go:noinline
func churn() []byte { return make([]byte, 50_000) }

// A real leak in this process, fetched over HTTP as a target's is. The rate of
// sampling is global, so that the test cannot run beside others.
func TestGrowthOfThisProcess(t *testing.T) {
	rate := runtime.MemProfileRate
	runtime.MemProfileRate = 1
	defer func() { runtime.MemProfileRate = rate }()

	p := Pprof{URL: target(t)}
	var h hoard
	var series []Profile
	for i := range 5 {
		raw, err := p.Heap(t.Context())
		require.NoError(t, err)
		series = append(series, Profile{Requests: uint64(i * 100), Raw: raw})
		for range 100 {
			h.add()
			_ = churn()
		}
	}
	sites, err := Growth(series)
	require.NoError(t, err)
	require.NotEmpty(t, sites)
	assert.Equal(t, "github.com/memgate/memgate/profile/heap.(*hoard).add", sites[0].Func)
	assert.Equal(t, "site_live_test.go", filepath.Base(sites[0].File))
	assert.InDelta(t, 10_240, sites[0].PerRequest, 2_000, "an object of 10,000 bytes takes 10,240")
	assert.InDelta(t, 400, sites[0].Objects, 20)
	for _, s := range sites {
		assert.NotContains(t, s.Func, "churn")
	}
	runtime.KeepAlive(h)
}
