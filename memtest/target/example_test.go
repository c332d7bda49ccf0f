package target_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"time"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile"
)

// inProcess is a target of one's own: a handler in the test's process.
type inProcess struct{ handler http.Handler }

// Start serves the handler.
func (p inProcess) Start(context.Context) (*target.Instance, error) {
	server := httptest.NewServer(p.handler)
	return &target.Instance{
		URL:    server.URL,
		Memory: ownMemory{},
		Env:    target.Env{Target: "handler"},
		Source: target.Source{Kind: "runtime.MemStats"},
		Stop:   func(context.Context) error { server.Close(); return nil },
	}, nil
}

// ownMemory samples this process.
type ownMemory struct{}

// Sample says what this process has from the system, and that nothing else is known.
func (ownMemory) Sample(_ context.Context, m *profile.Memory) error {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	m.Usage, m.WorkingSet = stats.Sys, stats.Sys-stats.HeapReleased
	m.Missing = profile.AllFieldsExcept(profile.Usage, profile.WorkingSet)
	return nil
}

func ExampleTarget() {
	r, err := memtest.Measure(context.Background(), memtest.Scenario{
		Name:   "shop",
		Target: inProcess{http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})},
		Load:   load.Plan{Requests: load.Get("/"), Rate: 50, Duration: 200 * time.Millisecond},
		Warmup: -1, Settle: -1, MaxDuration: -1,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Name, r.Env.Target, r.Source.Kind)
	for _, p := range r.Phases {
		fmt.Println(p.Name)
	}
	// Output:
	// shop handler runtime.MemStats
	// warm-up
	// load
	// cool-down
	// final
}
