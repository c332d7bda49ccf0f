package heap

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sampler decides which allocations are in a profile, as Go's runtime does, and what
// they then count for.
type sampler struct {
	rng  *rand.Rand
	rate float64
}

// objects is how many of n objects of size bytes are sampled.
func (s sampler) objects(n, size int) (count int) {
	for range n {
		if s.rng.Float64() < -math.Expm1(-float64(size)/s.rate) {
			count++
		}
	}
	return count
}

// held is the stack of count sampled objects of size bytes.
func (s sampler) held(count, size int, frames ...string) stack {
	n := float64(count) / -math.Expm1(-float64(size)/s.rate)
	return stack{bytes: int64(n * float64(size)), objects: int64(n), frames: frames}
}

// server is a program that leaks in one place, fills a cache of fixed size, and churns.
type server struct {
	sampler
	leak   int   // bytes leaked by each request
	cached int   // entries that the cache holds at most
	leaked int   // leaked objects, of them sampled
	added  int   // entries that the cache was ever given, of them sampled
	cache  []int // request by which each sampled entry was put in, oldest first
	done   int   // requests
}

const (
	entry  = 8 << 10 // bytes of a cache entry; every second request makes one
	buffer = 4 << 10 // bytes of what requests in flight hold
)

func (s *server) handle(requests int) {
	for range requests {
		s.done++
		s.leaked += s.objects(1, s.leak)
		if s.done%2 == 0 && s.objects(1, entry) == 1 {
			s.cache = append(s.cache, s.done)
			s.added++
		}
	}
	for len(s.cache) > 0 && s.cache[0] < s.done-2*s.cached {
		s.cache = s.cache[1:]
	}
}

func (s *server) stacks() []stack {
	leaked := s.held(s.leaked, s.leak, grow, put, serve)
	leaked.allocated = leaked.bytes
	entries := s.held(len(s.cache), entry, cache, serve)
	entries.allocated = s.held(s.added, entry).bytes
	return []stack{
		leaked, entries,
		s.held(s.objects(1000, buffer), buffer, "bufio.NewReaderSize /usr/local/go/src/bufio/bufio.go:57", serve),
		s.held(s.objects(2000, buffer), buffer, "main.render /src/shop/render.go:9", serve),
		s.held(64, 64<<10, "main.load /src/shop/main.go:5", "main.main /src/shop/main.go:20"),
	}
}

// Twenty runs each, at Go's default rate of one sample per 512 KiB.
func TestGrowthOverSeries(t *testing.T) {
	tests := map[string]struct {
		profiles, requests int // between two profiles
		leak               int // bytes per request
		cached             int // entries, at half a one per request
		warm               int // requests before the first profile
	}{
		"leak of 10 kB, four profiles":           {4, 2000, 10_000, 1000, 4000},
		"leak of 10 kB, cache fills on the way":  {8, 2000, 10_000, 2000, 0},
		"leak of 2 kB, large cache always full":  {8, 4000, 2_000, 5000, 20_000},
		"leak of 1 kB, twenty profiles":          {20, 2000, 1_000, 4000, 12_000},
		"leak of 100 kB, few requests":           {6, 60, 100_000, 100, 400},
		"leak of 4 kB, large cache fills midway": {10, 2000, 4_000, 4000, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for run := range uint64(20) {
				s := server{sampler: sampler{rand.New(rand.NewPCG(run, 7)), 512 << 10}, leak: tt.leak, cached: tt.cached}
				s.handle(tt.warm)
				sites, err := Growth(s.series(t, tt.profiles, tt.requests))
				require.NoError(t, err)
				require.NotEmpty(t, sites, "run %d", run)
				assert.Equal(t, "main.(*store).put", sites[0].Func, "run %d", run)
				assert.Len(t, sites, 1, "run %d", run)
				assert.InEpsilon(t, tt.leak, sites[0].PerRequest, 0.8, "run %d", run)
				assert.Less(t, sites[0].Lo, sites[0].Hi, "run %d", run)
			}
		})
	}
}

func (s *server) series(t testing.TB, profiles, requests int) []Profile {
	var series []Profile
	for range profiles {
		series = append(series, Profile{Requests: uint64(s.done), Raw: gzipped(t, built(int64(s.rate), s.stacks()...))})
		s.handle(requests)
	}
	return series
}

// Without a leak nothing is listed; by chance, one site in some thousand.
func TestGrowthOfHealthyServer(t *testing.T) {
	listed := 0
	for run := range uint64(100) {
		s := server{sampler: sampler{rand.New(rand.NewPCG(run, 9)), 512 << 10}, leak: 1, cached: 4000}
		s.handle(9000)
		s.leaked = 0
		sites, err := Growth(s.series(t, 4+int(run%8), 1000))
		require.NoError(t, err)
		listed += len(slices.DeleteFunc(sites, func(s Site) bool { return s.Func == "main.(*store).put" }))
	}
	assert.LessOrEqual(t, listed, 1, "of 500 sites")
}

// A registry of requests that is never cleared: most of what it holds was allocated
// by net/http, in stacks that know nothing of it.
func TestGrowthNamesTheHolderFirst(t *testing.T) {
	for name, holder := range map[string]stack{
		"one object per request": {bytes: 48, objects: 1, frames: []string{"main.(*registry).Set /src/shop/registry.go:30", serve}},
		"small objects":          {bytes: 4, objects: 1, frames: []string{"main.(*registry).Set /src/shop/registry.go:30", serve}},
		"a map's table":          {bytes: 24, frames: []string{"main.(*registry).Set /src/shop/registry.go:30", serve}},
	} {
		sites, err := Growth(heaps(t, []uint64{0, 1000, 2000, 3000, 4000}, func(i int) []stack {
			n := int64(i) * 1000
			return []stack{
				{bytes: n * 900, objects: n * 2, frames: []string{request, serve}},
				{bytes: n * 1200, objects: n * 4, frames: []string{"net/textproto.readMIMEHeader /usr/local/go/src/net/textproto/reader.go:534", request, serve}},
				{bytes: n * holder.bytes, objects: n*holder.objects + 3, frames: holder.frames},
				{bytes: n, objects: n / 100, frames: []string{"main.log /src/shop/log.go:3"}},
			}
		}))
		require.NoError(t, err)
		require.Len(t, sites, 2, name)
		assert.Equal(t, "main.(*registry).Set", sites[0].Func, name)
		require.Len(t, sites[0].Retains, 2, name)
		assert.Equal(t, "net/textproto.readMIMEHeader", sites[0].Retains[0].Func, name)
		assert.Equal(t, "net/http.readRequest", sites[0].Retains[1].Func, name)
		assert.InDelta(t, 900, sites[0].Retains[1].PerRequest, 1, name)
	}
}

// A leak that the standard library's own stacks show is not hidden behind a small one
// of the user's.
func TestGrowthOfTheStandardLibraryAlone(t *testing.T) {
	sites, err := Growth(heaps(t, []uint64{0, 1000, 2000, 3000}, func(i int) []stack {
		n := int64(i) * 1000
		return []stack{
			{bytes: n * 4000, objects: n * 20, frames: []string{request, serve}},
			{bytes: n, objects: n / 100, frames: []string{"main.log /src/shop/log.go:3"}},
		}
	}))
	require.NoError(t, err)
	require.Len(t, sites, 2)
	assert.Equal(t, "net/http.readRequest", sites[0].Func)
}

func TestSustained(t *testing.T) {
	tests := map[string]struct {
		y    []float64
		want bool
	}{
		"grows":                      {[]float64{0, 1, 2, 3}, true},
		"one idle of three":          {[]float64{0, 1, 1, 3}, false},
		"one idle of four":           {[]float64{0, 1, 1, 3, 4}, true},
		"two idle of four":           {[]float64{0, 1, 1, 1, 4}, false},
		"filled up":                  {[]float64{0, 2, 4, 5, 5, 5, 5, 5, 5}, false},
		"filled up two before last":  {[]float64{0, 2, 4, 6, 8, 10, 12, 12, 12}, false},
		"slows down":                 {[]float64{0, 8, 12, 14, 15, 15.2, 15.3, 15.4, 15.5}, false},
		"slower, but on it goes":     {[]float64{0, 3, 6, 8, 9, 10, 11, 12, 13}, true},
		"faster":                     {[]float64{0, 1, 2, 4, 8, 16}, true},
		"up and down":                {[]float64{5, 9, 4, 8, 3, 9}, false},
		"idle once, but not the end": {[]float64{0, 1, 2, 2, 3, 4, 5, 6}, true},
		"every second of thirty": {[]float64{
			0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14,
		}, true},
	}
	for name, tt := range tests {
		x := make([]float64, len(tt.y))
		for i := range x {
			x[i] = float64(i * 10)
		}
		assert.Equal(t, tt.want, sustained(x, tt.y), name)
	}
}

func TestPaceIsWhatWasAllocated(t *testing.T) {
	requests := []float64{0, 10, 20, 30}
	assert.Equal(t, []float64{5, 5, 7, 9}, pace(requests, []float64{5, 5, 7, 9}))
	assert.Equal(t, requests, pace(requests, []float64{5, 7, 6, 9}), "not a count")
	assert.Equal(t, requests, pace(requests, make([]float64, 4)), "not known")
}
