package memtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/load"
)

// TestRunNamesTheHolder is a whole run: two looks at the heap, outside the measured load.
func TestRunNamesTheHolder(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a container, and -short is set")
	}
	SkipWithoutDocker(t)
	r, err := Measure(t.Context(), Scenario{
		Name: "server", HeapWalk: HeapWalkRequired,
		Target: Image{
			Go: "../internal/holders/testdata/shapes", Port: 8080, Ready: "/fill",
			Env: map[string]string{"SHAPE": "server", "ADDR": ":8080"},
		},
		Load:   load.Plan{Requests: load.Get("/x"), Rate: 200, Duration: 15 * time.Second},
		Warmup: 2 * time.Second, Settle: -1, MaxDuration: -1,
	})
	require.NoError(t, err)
	assert.Contains(t, r.RetainersHow, "heap read out of process (go1.")
	require.NotEmpty(t, r.Retainers, "%s (%s; %s)", r.RetainersWhyNot, r.Trend.Verdict, r.Trend.Reason)
	assert.Equal(t, "field main.server.sessions", r.Retainers[0].Name)
	assert.Equal(t, "map[string]*main.session", r.Retainers[0].Type)
	assert.InDelta(t, 1, r.Retainers[0].Elements, 0.05)
	assert.Contains(t, leakMessage(r), "held   field main.server.sessions (map[string]*main.session), reached from")
}
