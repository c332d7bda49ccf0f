package memtest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/holders"
	"github.com/memgate/memgate/load"
)

const secret = "canary-51be77-do-not-tell"

// shaped starts a container of a program that leaks in that shape.
func shaped(t *testing.T, shape string) (*Instance, *containerHeap) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes a container, and -short is set")
	}
	SkipWithoutDocker(t)
	target, err := Image{
		Go: "../internal/holders/testdata/shapes", Port: 8080, Ready: "/fill",
		Env: map[string]string{"SHAPE": shape, "ADDR": ":8080"},
	}.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			logs, err := target.heap.(*containerHeap).c.Logs(context.Background(), 40)
			t.Log("the target's last words:", logs, err)
		}
		assert.NoError(t, target.Stop(context.Background()))
	})
	return target, target.heap.(*containerHeap)
}

func leakInto(t *testing.T, target *Instance, n int) {
	t.Helper()
	for range n {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target.URL+"/x", nil)
		require.NoError(t, err)
		req.Header.Set("X-Secret", secret)
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
	}
}

// growth is what a way to read the heap makes of 300 requests.
func growth(t *testing.T, target *Instance, way heapReader) holders.Growth {
	t.Helper()
	const requests = 300
	early, err := way.paths(t.Context())
	require.NoError(t, err)
	leakInto(t, target, requests)
	late, err := way.paths(t.Context())
	require.NoError(t, err)
	text, err := json.Marshal([]any{early, late})
	require.NoError(t, err)
	assert.NotContains(t, string(text), secret[:10])
	t.Logf("target stood for %v and %v, %d paths", early.Stopped, late.Stopped, len(late.Nodes))
	return holders.Grow(early, late, requests)
}

// TestHoldersInContainers: read from this process, and from a container beside the
// target as an ordinary user would, the same holder is found.
func TestHoldersInContainers(t *testing.T) {
	for _, tt := range []struct{ shape, holder string }{
		{"server", "main.server.sessions"},
		{"goroutine", "main.worker [chan receive], started by main.handlers.func3"},
		{"secret", "main.worker [chan receive], started by main.keepSecret"},
		{"healthy", ""},
	} {
		t.Run(tt.shape, func(t *testing.T) {
			target, heap := shaped(t, tt.shape)
			leakInto(t, target, 50)
			t.Run("from here", func(t *testing.T) {
				way, err := heap.openDirect(t.Context())
				if err != nil {
					t.Skip(err)
				}
				defer func() { assert.NoError(t, way.close(t.Context())) }()
				holderIs(t, tt.holder, growth(t, target, way))
			})
			t.Run("from beside", func(t *testing.T) {
				beside := &containerHeap{c: heap.c}
				require.NoError(t, beside.openBeside(t.Context(), errors.New("as an ordinary user")))
				defer func() { assert.NoError(t, beside.close(t.Context())) }()
				holderIs(t, tt.holder, growth(t, target, beside.way))
				said, err := beside.way.(companion).program.Run(t.Context())
				require.NoError(t, err)
				assert.NotContains(t, string(said), secret[:10], "the reader's own words")
			})
		})
	}
}

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
	assert.Contains(t, r.RetainersHow, "read from outside, go1.")
	require.NotEmpty(t, r.Retainers, "%s (%s; %s)", r.RetainersWhyNot, r.Trend.Verdict, r.Trend.Reason)
	assert.Equal(t, "field main.server.sessions", r.Retainers[0].Name)
	assert.Equal(t, "map[string]*main.session", r.Retainers[0].Type)
	assert.InDelta(t, 1, r.Retainers[0].Elements, 0.05)
	assert.Contains(t, leakMessage(r), "held   field main.server.sessions (map[string]*main.session), reached from")
}

func holderIs(t *testing.T, want string, g holders.Growth) {
	t.Helper()
	if want == "" {
		assert.Empty(t, g.Holders)
		return
	}
	require.NotEmpty(t, g.Holders, g.WhyNot)
	assert.Equal(t, want, g.Holders[0].Name)
}
