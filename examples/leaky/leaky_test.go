// Package leaky is the whole story of a leak: a server that keeps something of every
// request, and the test that finds it and names the guilty function.
package leaky

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
)

func TestLeakIsFound(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute, and -short is set")
	}
	t.Log("this server leaks on purpose: the test passes if memtest finds it, and says FAILED of it")
	run := memtest.Run(t, memtest.Scenario{
		Name: "shop",
		Target: memtest.Image{Go: "./server", Port: 8080, Ready: "/healthz", MemoryLimit: "256MiB"}.Or(t,
			memtest.Process{Go: "./server", Ready: "/healthz"}),
		Load:   load.Plan{Requests: load.Get("/checkout"), Rate: 200, Duration: 20 * time.Second},
		Warmup: 3 * time.Second,
	})

	// A test of your own ends here, with memtest.NoLeak(t, run). This one wants it to fail.
	assert.False(t, memtest.NoLeak(expected{t}, run), "the server leaks about 4 KiB with each request")

	require.NotEmpty(t, run.Sites)
	assert.Equal(t, "main.(*auditLog).record", run.Sites[0].Func, "the guilty function")
	assert.InEpsilon(t, 4150, run.Trend.PerRequest.Value, 0.25, "bytes per request: a note of 4,096, the order, its place in the log")
}

// expected is a test whose failures are what it wants: they are logged.
type expected struct{ *testing.T }

func (e expected) Errorf(format string, args ...any) {
	e.Helper()
	e.Logf("found, as it should be:\n"+format, args...)
}
