// Package healthy is the test that most services should have: no leak, and a budget.
package healthy

import (
	"testing"
	"time"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
)

func TestShopIsHealthy(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute, and -short is set")
	}
	memtest.SkipWithoutDocker(t)
	run := memtest.Run(t, memtest.Scenario{
		Name:   "shop",
		Target: memtest.Image{Go: "./server", Port: 8080, Ready: "/healthz", MemoryLimit: "128MiB"},
		Load:   load.Plan{Requests: load.Get("/price"), Rate: 200, Duration: 20 * time.Second},
		Warmup: 5 * time.Second,
	})
	memtest.NoLeak(t, run)
	memtest.Within(t, run, memtest.Budget{Peak: "64MiB", Settled: "48MiB", Headroom: "64MiB", NoOOM: true})
}
