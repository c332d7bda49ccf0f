// Package baseline is a service that may not get slowly worse, and the test of its gates.
//
// Record a baseline on your host, look at the file that is written, and commit it; here
// it is not, because it would be of another host than yours:
//
//	BASELINE=1 MEMTEST_UPDATE=1 go test -run Drift ./examples/baseline
//	BASELINE=1 go test -v ./examples/baseline
//
// make baseline does both.
package baseline

import (
	"os"
	"testing"
	"time"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
)

var (
	shop = memtest.Scenario{
		Name:   "shop",
		Target: memtest.Image{Go: "../healthy/server", Port: 8080, Ready: "/healthz", MemoryLimit: "128MiB"},
		Load:   load.Plan{Requests: load.Get("/price"), Rate: 200, Duration: 10 * time.Second}, // less is too short to tell a leak
		Warmup: 2 * time.Second,
		Settle: time.Second,
	}
	// SelfTest has said what to set: a Peak of 20MiB would let a doubling pass, and latency
	// tells nothing on a machine that is shared with other loads.
	budget    = memtest.Budget{Peak: "15MiB", Headroom: "113MiB", NoOOM: true}
	reference = memtest.Baseline{File: "testdata/shop", Tolerance: memtest.Tolerance{Absolute: "4MiB", GrowthPerRequest: 1000, LatencyAbsolute: 2 * time.Second}}
)

func TestShopDoesNotDrift(t *testing.T) {
	onHostsWithBaseline(t)
	runs := memtest.Trials(t, 5, shop)
	memtest.NoDrift(t, runs, reference)
}

// TestGatesOfShop takes three minutes. Let it run each night, and when a gate is changed.
func TestGatesOfShop(t *testing.T) {
	onHostsWithBaseline(t)
	memtest.SelfTest(t, shop, budget, reference)
}

func onHostsWithBaseline(t *testing.T) {
	if os.Getenv("BASELINE") == "" {
		t.Skip("no baseline is committed for your host: run make baseline")
	}
}
