package retain

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/profile"
)

// table is a heap with a map of sessions in a server, reached from a variable, a cache
// beside it, and goroutines, with so many sessions, cache entries and goroutines.
func table(sessions, entries, goroutines int64) *profile.Paths {
	p := &profile.Paths{Nodes: []profile.Node{
		{},
		{Parent: 0, Root: profile.RootGlobal, Label: "example.com/shop.app", Type: "*example.com/shop.server", Count: 1},
		{Parent: 1, Type: "example.com/shop.server", Count: 1, Bytes: 96},
		{Parent: 2, Label: ".sessions", Type: "map[string]*shop.session", Count: 1, Bytes: 48 + 40*sessions},
		{Parent: 3, Label: "[value]", Type: "example.com/shop.session", Count: sessions, Bytes: 100 * sessions},
		{Parent: 4, Label: "[value].user", Type: "string", Count: sessions, Bytes: 16 * sessions},
		{Parent: 0, Root: profile.RootGlobal, Label: "example.com/shop.cache", Type: "map[int]*shop.page", Count: 1},
		{Parent: 6, Type: "map[int]*shop.page", Count: 1, Bytes: 48},
		{Parent: 7, Label: "[value]", Type: "example.com/shop.page", Count: entries, Bytes: 200 * entries},
		{Parent: 0, Root: profile.RootTasks, Label: "example.com/shop.work [chan receive], started by example.com/shop.serve", Count: goroutines, Bytes: 4096 * goroutines},
		{Parent: 9, Root: profile.RootFrame, Label: "example.com/shop.work", Count: goroutines},
		{Parent: 10, Type: "example.com/shop.job", Count: goroutines, Bytes: 64 * goroutines},
	}}
	for _, n := range p.Nodes {
		if n.Root == profile.RootTasks {
			p.Stacks += uint64(n.Bytes)
			continue
		}
		p.Bytes += uint64(n.Bytes)
		p.Objects += uint64(n.Count)
	}
	p.Marked, p.Allocated = p.Bytes, p.Bytes
	return p
}

func TestGrow(t *testing.T) {
	for _, tt := range []struct {
		name        string
		early, late *profile.Paths
		requests    uint64
		holders     []string
		whyNot      string
	}{
		{"a map in a server", table(100, 50, 4), table(1100, 50, 4), 1000, []string{"global variable example.com/shop.app.sessions"}, ""},
		{"a variable", table(100, 50, 4), table(100, 1050, 4), 1000, []string{"global variable example.com/shop.cache"}, ""},
		{"goroutines", table(100, 50, 4), table(100, 50, 1004), 1000, []string{"goroutines example.com/shop.work [chan receive], started by example.com/shop.serve"}, ""},
		{"one in four requests", table(100, 50, 4), table(1100, 50, 4), 4000, []string{"global variable example.com/shop.app.sessions"}, ""},
		{"two at once, the heavier first", table(100, 50, 4), table(1100, 1050, 4), 1000, []string{"global variable example.com/shop.cache", "global variable example.com/shop.app.sessions"}, ""},
		{"nothing", table(100, 50, 4), table(101, 52, 5), 1000, nil, "nothing there grows with them"},
		{"less than before", table(1100, 50, 4), table(100, 50, 4), 1000, nil, "nothing there grows with them"},
		{"no request", table(100, 50, 4), table(1100, 50, 4), 0, nil, "no request was completed"},
		{"little for many requests", table(100, 50, 4), table(1100, 50, 4), 1_000_000, nil, "nothing there grows with them"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := Grow(tt.early, tt.late, tt.requests, "Go heap")
			var names []string
			for _, h := range g.Holders {
				names = append(names, string(h.Kind)+" "+h.Name)
			}
			assert.Equal(t, tt.holders, names)
			assert.Contains(t, g.WhyNot, tt.whyNot)
		})
	}
}

func TestGrowMeasuresTheHolder(t *testing.T) {
	g := Grow(table(100, 50, 4), table(1100, 50, 4), 1000, "Go heap")
	require.Len(t, g.Holders, 1)
	h := g.Holders[0]
	assert.Equal(t, "map[string]*shop.session", h.Type)
	assert.Empty(t, h.Root, "it is the variable's own field")
	assert.Equal(t, int64(156_000), h.Bytes)
	assert.InDelta(t, 1, h.Share, 1e-9)
	assert.InDelta(t, 156, h.PerRequest, 1e-9)
	assert.InDelta(t, 1, h.Elements, 1e-9)
	assert.InDelta(t, 2, h.Objects, 1e-9)
	assert.Equal(t, [2]int64{100, 1100}, [2]int64{h.From, h.To})
	require.NotEmpty(t, h.Held)
	assert.Equal(t, Step{"[value]", "example.com/shop.session", 116_000, 1}, h.Held[0])
}

// TestGrowFailsClosed: what is reachable must account for the growth of the heap.
func TestGrowFailsClosed(t *testing.T) {
	early, late := table(100, 50, 4), table(1100, 50, 4)
	late.Marked += 1 << 20
	g := Grow(early, late, 1000, "Go heap")
	assert.Empty(t, g.Holders)
	assert.Contains(t, g.WhyNot, "too little of it is explained")

	g = Grow(early, table(1100, 50, 4), 1000, "Go heap")
	require.NotEmpty(t, g.Holders)
	g.MustExplain(1 << 20)
	assert.Empty(t, g.Holders)
	assert.Contains(t, g.WhyNot, "too little of it is explained")
}

func TestGrowListsWhoElseHoldsTheSame(t *testing.T) {
	early, late := table(100, 50, 4), table(1100, 50, 4)
	late.Crossings = []profile.Crossing{
		{Node: 4, By: 7, Label: "[key]", Count: 1100},
		{Node: 4, By: 11, Count: 3}, // a few of them are in use
		{Node: 5, By: 4, Count: 1100},
	}
	g := Grow(early, late, 1000, "Go heap")
	require.NotEmpty(t, g.Holders)
	assert.Equal(t, []string{"global variable example.com/shop.cache (map[int]*shop.page)"}, g.Holders[0].AlsoHeldBy)
}

// contexts is a context in a server whose children, each with children of its own, are a
// tree that is one path; app is the server's type.
func contexts(children int64, app string) *profile.Paths {
	p := &profile.Paths{Nodes: []profile.Node{
		{},
		{Parent: 0, Root: profile.RootGlobal, Label: "net/http.mux", Type: "*net/http.ServeMux", Count: 1},
		{Parent: 1, Type: "net/http.ServeMux", Count: 1, Bytes: 96},
		{Parent: 2, Label: ".handler", Type: app, Count: 1, Bytes: 16},
		{Parent: 3, Label: ".ctx", Type: "os/signal.signalCtx", Count: 1, Bytes: 96},
		{Parent: 4, Label: ".Context", Type: "context.cancelCtx", Count: 1, Bytes: 96},
		{Parent: 5, Label: ".children", Type: "map[context.canceler]struct {}", Count: 1 + children, Bytes: 48 * (1 + children)},
		{Parent: 6, Label: "[key]", Type: "context.afterFuncCtx", Count: children, Bytes: 100 * children},
	}}
	for _, n := range p.Nodes {
		p.Bytes += uint64(n.Bytes)
		p.Objects += uint64(n.Count)
	}
	p.Marked, p.Allocated = p.Bytes, p.Bytes
	return p
}

// A context is named after the variable that holds it, and what no type leads to after the
// last field that is known.
func TestGrowNamesTheFieldThatIsKnown(t *testing.T) {
	for app, want := range map[string]string{
		"example.com/shop.app": "field example.com/shop.app.ctx (os/signal.signalCtx)",
		"":                     "global variable net/http.mux.handler (os/signal.signalCtx)",
	} {
		g := Grow(contexts(10, app), contexts(1010, app), 1000, "Go heap")
		require.Len(t, g.Holders, 1)
		assert.Equal(t, want, describe(g.Holders[0]))
		assert.InDelta(t, 1, g.Holders[0].Elements, 1e-9)
	}
}

func FuzzGrow(f *testing.F) {
	good, err := json.Marshal(table(1, 2, 3))
	require.NoError(f, err)
	f.Add(good)
	f.Add([]byte(`{"Nodes":[{"Parent":0},{"Parent":1}]}`))
	f.Add([]byte(`{"Nodes":[{"Parent":0}],"Crossings":[{"Node":7}]}`))
	f.Fuzz(func(_ *testing.T, data []byte) {
		p := &profile.Paths{}
		if json.Unmarshal(data, p) != nil || p.Check() != nil {
			return
		}
		Grow(p, p, 10, "Go heap")
		Grow(&profile.Paths{Nodes: make([]profile.Node, 1)}, p, 10, "Go heap")
	})
}
