package heap

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Frames of the tests' server.
const (
	grow    = "bytes.growSlice /usr/local/go/src/bytes/buffer.go:249"
	put     = "main.(*store).put /src/shop/store.go:61"
	serve   = "net/http.(*conn).serve /usr/local/go/src/net/http/server.go:2102"
	request = "net/http.readRequest /usr/local/go/src/net/http/request.go:1073"
	router  = "github.com/gorilla/mux.(*Router).ServeHTTP /go/pkg/mod/github.com/gorilla/mux@v1.8.0/mux.go:210"
	cache   = "shop/cache.(*LRU).Add /src/shop/cache/lru.go:40"
)

// heaps is a profile of what at says at each count of completed requests. They are
// not sampled (a rate of 1 byte).
func heaps(t testing.TB, requests []uint64, at func(i int) []stack) []Profile {
	var series []Profile
	for i, n := range requests {
		p := built(1, at(i)...)
		series = append(series, Profile{At: time.Duration(i) * time.Second, Requests: n, Raw: gzipped(t, p)})
	}
	return series
}

func TestGrowthOfRecordedProfiles(t *testing.T) {
	for _, version := range []string{"go1.20.14", "go1.26.8"} {
		var series []Profile
		for i := range 2 {
			raw, err := os.ReadFile(fmt.Sprintf("testdata/heap/%s-%d.pb.gz", version, i))
			require.NoError(t, err)
			series = append(series, Profile{Requests: uint64(i * 200), Raw: raw})
		}
		sites, err := Growth(series)
		require.NoError(t, err)
		require.NotEmpty(t, sites, version)
		assert.Equal(t, "shop/store.(*Store).Put", sites[0].Func, version)
		assert.Equal(t, "shop/store/store.go", sites[0].File, version)
		assert.InEpsilon(t, 100_000, sites[0].PerRequest, 0.5, version)
	}
}

func TestGrowthBetweenTwo(t *testing.T) {
	series := heaps(t, []uint64{100, 300}, func(i int) []stack {
		n := int64(i)
		return []stack{
			{bytes: 1000 + n*20_000, objects: 10 + n*200, frames: []string{grow, put, "main.handle /src/shop/main.go:12", serve}},
			{bytes: 5000 - n*100, objects: 5, frames: []string{grow, cache, serve}},
			{bytes: n * 600, objects: n * 3, frames: []string{request, serve}},
			{bytes: n * 400, objects: n * 2, frames: []string{grow, router, serve}},
			{bytes: 7000, objects: 7, frames: []string{"main.static /src/shop/main.go:3"}},
			{bytes: n * 10, objects: 1, frames: nil},
		}
	})
	sites, err := Growth(series)
	require.NoError(t, err)
	require.Len(t, sites, 4)
	assert.Equal(t, Site{
		Func: "main.(*store).put", File: "/src/shop/store.go", Line: 61,
		Bytes: 20_000, Objects: 200, PerRequest: 100,
		Alloc: "bytes.growSlice buffer.go:249",
		Stack: []string{
			"bytes.growSlice /usr/local/go/src/bytes/buffer.go:249", "main.(*store).put /src/shop/store.go:61",
			"main.handle /src/shop/main.go:12", "net/http.(*conn).serve /usr/local/go/src/net/http/server.go:2102",
		},
	}, sites[0])
	assert.Equal(t, "net/http.readRequest", sites[1].Func)
	assert.Empty(t, sites[1].Alloc, "the site is the allocating frame itself")
	assert.Equal(t, "github.com/gorilla/mux.(*Router).ServeHTTP", sites[2].Func)
	assert.Equal(t, "(no symbols)", sites[3].Func)
}

func TestGrowthWithoutRequests(t *testing.T) {
	sites, err := Growth(heaps(t, []uint64{7, 7}, func(i int) []stack {
		return []stack{{bytes: int64(1000 + i*500), objects: 1, frames: []string{put}}}
	}))
	require.NoError(t, err)
	require.Len(t, sites, 1)
	assert.Equal(t, int64(500), sites[0].Bytes)
	assert.Zero(t, sites[0].PerRequest)
}

func TestGrowthListsFiftyAndTheRest(t *testing.T) {
	series := heaps(t, []uint64{0, 10}, func(i int) []stack {
		var all []stack
		for n := range 60 {
			all = append(all, stack{bytes: int64(i * 1000), objects: int64(i), frames: []string{fmt.Sprintf("main.f%02d /src/f.go:1", n)}})
		}
		return all
	})
	sites, err := Growth(series)
	require.NoError(t, err)
	require.Len(t, sites, 51)
	for n, s := range sites[:50] {
		require.Equal(t, fmt.Sprintf("main.f%02d", n), s.Func, "ties are in the order of names")
	}
	assert.Equal(t, Site{Func: "(other)", Bytes: 10_000, Objects: 10, PerRequest: 1000}, sites[50])
}

func TestGrowthLeavesOutWhatCannotBeRead(t *testing.T) {
	series := heaps(t, []uint64{0, 10, 20}, func(i int) []stack { return []stack{{bytes: int64(i * 1000), objects: 1, frames: []string{put}}} })
	series[1].Raw = series[1].Raw[:30]
	sites, err := Growth(series)
	require.ErrorContains(t, err, "read heap profile 2 of 3, taken at 1s: its gzip data ends early")
	require.Len(t, sites, 1)
	assert.InDelta(t, 100, sites[0].PerRequest, 1e-9)

	series[2].Raw = nil
	sites, err = Growth(series)
	require.ErrorContains(t, err, "find growth: 1 heap profiles that can be read are not enough")
	assert.Empty(t, sites)
}
