package memtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/report"
)

func TestWhatHasNoNameSaysHowToGetOne(t *testing.T) {
	m := measurement{record: &report.Record{Sites: []heap.Site{
		{Func: "orders+0x12e4", File: "/srv/shop/orders", Offset: 0x12e4}, {Func: "orders+0x12ff", File: "/srv/shop/orders", Offset: 0x12ff},
	}}}
	m.nameless()
	require.Len(t, m.record.Notes, 1)
	assert.Equal(t, "what grew has no name: no symbols of orders can be read; leave them in it (no strip, no -s), or ask addr2line -f -C -e /srv/shop/orders 0x12e4", m.record.Notes[0].Text())

	m.record.Sites, m.record.Notes = []heap.Site{{Func: "shop::operator+0x", File: "/srv/shop/orders"}}, nil
	m.nameless()
	assert.Empty(t, m.record.Notes)
}

// The names of a container's functions come from its own files.
func TestFunctionsOfAContainerAreNamed(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a container, and -short is set")
	}
	SkipWithoutDocker(t)
	r, err := Measure(t.Context(), Scenario{
		Name:        "native",
		Target:      Image{Go: "./testdata/native", Port: 8080, Ready: "/pprof/heap", HeapURL: "/pprof/heap"},
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
