package memtest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
)

// The names of a container's functions come from its own files.
func TestFunctionsOfAContainerAreNamed(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a container, and -short is set")
	}
	memtest.SkipWithoutDocker(t)
	r, err := memtest.Measure(t.Context(), memtest.Scenario{
		Name:        "native",
		Target:      memtest.Image{Go: "./testdata/native", Port: 8080, Ready: "/pprof/heap", HeapURL: "/pprof/heap"},
		Load:        load.Plan{Requests: load.Get("/order"), Rate: 100, Duration: 4 * time.Second},
		Warmup:      time.Second,
		Settle:      -1,
		MaxDuration: -1,
	})
	require.NoError(t, err)
	require.NotEmpty(t, r.Sites)
	assert.Equal(t, "main.leak", r.Sites[0].Func)
	assert.Equal(t, "/app", r.Sites[0].File)
	assert.InDelta(t, 4096, r.Sites[0].PerRequest, 400)
	for _, n := range r.Notes {
		assert.NotContains(t, n.Text(), "what grew has no name")
	}
}
