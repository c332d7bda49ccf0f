package heap

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A slice of pointers that doubles is in most intervals idle, so that it is not listed
// by itself; it is named as what holds the objects that grow in step.
func TestGrowthUnderATableThatDoubles(t *testing.T) {
	table := "main.(*registry).Set /src/shop/registry.go:30"
	sites, err := Growth(heaps(t, []uint64{0, 1000, 2000, 3000, 4000}, func(i int) []stack {
		n := int64(i) * 1000
		return []stack{
			{bytes: n * 900, objects: n, frames: []string{request, serve}},
			{bytes: []int64{8 << 10, 8 << 10, 16 << 10, 32 << 10, 32 << 10}[i], objects: 1, frames: []string{table, serve}},
			{bytes: []int64{64 << 20, 64 << 20, 65 << 20, 80 << 20, 80 << 20}[i], objects: 1, frames: []string{"main.large /src/shop/large.go:3", serve}},
		}
	}))
	require.NoError(t, err)
	require.Len(t, sites, 1)
	assert.Equal(t, "main.(*registry).Set", sites[0].Func)
	assert.False(t, sites[0].Uncertain)
	require.Len(t, sites[0].Retains, 1)
	assert.Equal(t, "net/http.readRequest", sites[0].Retains[0].Func)
}

// A list's element holds what was put into it, though both are the user's.
func TestGrowthUnderAList(t *testing.T) {
	sites, err := Growth(heaps(t, []uint64{0, 1000, 2000, 3000, 4000}, func(i int) []stack {
		n := int64(i) * 1000
		return []stack{
			{bytes: n * 900, objects: n, frames: []string{"main.newSession /src/shop/session.go:9", serve}},
			{bytes: n * 48, objects: n, frames: []string{"container/list.(*List).insertValue /go/src/container/list/list.go:104", "main.(*sessions).add /src/shop/session.go:30", serve}},
			{bytes: n * 50, objects: n / 10, frames: []string{"main.audit /src/shop/audit.go:30", serve}},
		}
	}))
	require.NoError(t, err)
	require.Len(t, sites, 2)
	assert.Equal(t, "main.(*sessions).add", sites[0].Func)
	require.Len(t, sites[0].Retains, 1)
	assert.Equal(t, "main.newSession", sites[0].Retains[0].Func)
	assert.Equal(t, "main.audit", sites[1].Func, "it grows at a pace of its own")
}

// A leak of 1 MiB in all is two samples at Go's default rate.
func TestCandidatesOfASmallLeak(t *testing.T) {
	named := 0
	for run := range uint64(20) {
		s := server{sampler: sampler{rand.New(rand.NewPCG(run, 3)), 512 << 10}, leak: 300, cached: 10}
		s.handle(2000)
		series := s.series(t, 6, 2000)
		sites, err := Growth(series)
		require.NoError(t, err)
		if len(sites) > 0 {
			named++
			continue
		}
		sites, err = Suspects(series)
		require.NoError(t, err)
		assert.LessOrEqual(t, len(sites), maxCandidates)
		for _, s := range sites {
			assert.True(t, s.Uncertain)
			assert.Positive(t, s.Bytes)
			if s.Func == "main.(*store).put" {
				named++
			}
		}
	}
	assert.GreaterOrEqual(t, named, 18, "of 20 runs: in the others none of the leaked objects was sampled last")
}

func TestCandidatesOfASliceThatDoubles(t *testing.T) {
	series := heaps(t, []uint64{0, 1000, 2000, 3000, 4000}, func(i int) []stack {
		return []stack{
			{bytes: []int64{1 << 20, 1 << 20, 2 << 20, 2 << 20, 2 << 20}[i], objects: 1, frames: []string{put, serve}},
			{bytes: []int64{9 << 20, 8 << 20, 9 << 20, 9 << 20, 8 << 20}[i], objects: 9, frames: []string{cache, serve}},
		}
	})
	sites, err := Growth(series)
	require.NoError(t, err)
	assert.Empty(t, sites)
	sites, err = Suspects(series)
	require.NoError(t, err)
	require.Len(t, sites, 1)
	assert.Equal(t, "main.(*store).put", sites[0].Func)
	assert.True(t, sites[0].Uncertain)
}

// All that a run may have that ends early is one profile.
func TestCandidatesOfOneProfile(t *testing.T) {
	sites, err := Suspects(heaps(t, []uint64{500}, func(int) []stack {
		return []stack{
			{bytes: 1000, objects: 1, frames: []string{put, serve}},
			{bytes: 9000, objects: 9, frames: []string{cache, serve}},
		}
	}))
	require.NoError(t, err)
	require.Len(t, sites, 2)
	assert.Equal(t, "shop/cache.(*LRU).Add", sites[0].Func)
	assert.Equal(t, int64(9000), sites[0].Bytes)

	_, err = Suspects(nil)
	require.NoError(t, err)
}
