package heap

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// One place leaks, a cache fills up before the second profile, and every request
// churns: a real server at Go's default rate of sampling. MEMTEST_RUNS=20 is the
// number of runs that the project promises this for.
func TestGrowthOfAServerThatLeaksCachesAndChurns(t *testing.T) {
	file := buildShop(t)
	runs := 2
	_, _ = fmt.Sscan(os.Getenv("MEMTEST_RUNS"), &runs)
	first, cached := 0, 0
	for range runs {
		s := startShop(t, file)
		s.get(t, "/mix", 1000)
		sites, err := Growth(s.series(t, "/mix", 5, 1000))
		require.NoError(t, err)
		require.NotEmpty(t, sites)
		if sites[0].Func == "main.(*orders).keep" {
			first++
			assert.InEpsilon(t, 8<<10, sites[0].PerRequest, 0.4)
		}
		for _, s := range sites {
			if s.Func == "main.(*lru).add" {
				cached++
			}
			assert.NotEqual(t, "main.render", s.Func)
		}
	}
	t.Logf("the leaking function was first in %d of %d runs, the cache listed in %d", first, runs, cached)
	assert.Equal(t, runs, first)
	assert.Zero(t, cached)
}

// A registry keyed by *http.Request that is never cleared: recorded from testdata/shop
// (MEMTEST_RECORD=1 records anew). The answer that a person needs is the registry's
// Set, whose own bytes are the smallest part.
func TestGrowthOfARegistryOfRequests(t *testing.T) {
	const loads, requests = 5, 4000
	name := func(i int) string { return fmt.Sprintf("testdata/heap/registry-%d.pb.gz", i) }
	if os.Getenv("MEMTEST_RECORD") != "" {
		s := startShop(t, buildShop(t))
		for i, h := range s.series(t, "/register", loads, requests) {
			require.NoError(t, os.WriteFile(name(i), h.Raw, 0o644))
		}
	}
	var series []Profile
	for i := range loads + 1 {
		raw, err := os.ReadFile(name(i))
		require.NoError(t, err)
		series = append(series, Profile{Requests: uint64(i * requests), Raw: raw})
	}
	sites, err := Growth(series)
	require.NoError(t, err)
	require.NotEmpty(t, sites)
	for _, s := range sites {
		t.Logf("%s %d %d %.0f", s.Func, s.Bytes, s.Objects, s.PerRequest)
		for _, h := range s.Retains {
			t.Logf("   %s %d %d %.0f", h.Func, h.Bytes, h.Objects, h.PerRequest)
		}
	}
	assert.Equal(t, "main.(*registry).Set", sites[0].Func)
	held := map[string]bool{}
	for _, h := range sites[0].Retains {
		held[h.Func] = true
	}
	assert.True(t, held["net/http.readRequest"], "%v", held)
	assert.True(t, held["net/textproto.readMIMEHeader"], "%v", held)
	assert.Len(t, sites, 1, "one leak is shown as one")
}
