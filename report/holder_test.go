package report

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// heldRun is a leaking run whose holder is known.
func heldRun() *Record {
	r := leakingRun()
	r.HoldersHow = "read from outside, go1.26.8, symbols and types; the target stood for 4.2 and 5.1 ms"
	r.Holders = []Holder{{
		Name: "global variable example.com/registry.data", Type: "map[*http.Request]map[interface {}]interface {}",
		Bytes: 14_700_000, Share: 0.98, PerRequest: 2445, Objects: 20.01, Elements: 1, Before: 2000, After: 8000,
		Holds: []Held{
			{"[value]", "map[interface {}]interface {}", 7_390_000, 1},
			{"[key]", "net/http.Request", 7_060_000, 1},
		},
		AlsoHeldBy: []string{"global variable example.com/registry.datat (map[*http.Request]int64)"},
	}}
	return r
}

func TestHolderGolden(t *testing.T) {
	var text, page bytes.Buffer
	require.NoError(t, heldRun().Text(&text))
	golden(t, "held.txt", text.Bytes())
	require.NoError(t, heldRun().HTML(&page))
	golden(t, "held.html", page.Bytes())
}

func TestHolderLines(t *testing.T) {
	assert.Equal(t, []string{
		"global variable example.com/registry.data (map[*http.Request]map[interface {}]interface {})",
		"  holds 98% of the growth, 2,445 B with each request; one more with each request (2,000 → 8,000)",
		"  +7.0 MiB  [value] (map[interface {}]interface {})  1.00 with each request",
		"  +6.7 MiB  [key] (net/http.Request)  1.00 with each request",
		"  the same is held by global variable example.com/registry.datat (map[*http.Request]int64)",
	}, heldRun().HolderLines())
	assert.Empty(t, leakingRun().HolderLines())

	for _, tt := range []struct {
		h    Holder
		want string
	}{
		{Holder{Share: 1, PerRequest: 8}, "holds 100% of the growth, 8 B with each request; it grows by itself"},
		{Holder{Share: 0.5, PerRequest: 100, Elements: 0.25, Before: 10, After: 260}, "holds 50% of the growth, 100 B with each request; 0.25 more with each request (10 → 260)"},
		{Holder{Share: 0.5, Elements: 1.04, Before: -1, After: 9}, "holds 50% of the growth, 0 B with each request; one more with each request (0 → 9)"},
	} {
		assert.Equal(t, tt.want, tt.h.shareInWords())
	}
	assert.Equal(t, "field shop.server.sessions, reached from global variable net/http.DefaultServeMux",
		Holder{Name: "field shop.server.sessions", From: "global variable net/http.DefaultServeMux"}.String())
}

func TestWhyNobodyIsNamed(t *testing.T) {
	r := leakingRun()
	r.HoldersWhyNot = "the target's executable is not a Go program"
	var text bytes.Buffer
	require.NoError(t, r.Text(&text))
	assert.Contains(t, text.String(), "held by not known: the target's executable is not a Go program")
}

// TestWhatDecidedIsTold: a verdict by what is reachable says so, with all its readings.
func TestWhatDecidedIsTold(t *testing.T) {
	r := heldRun()
	r.Holders[0].Counts = []uint64{600, 2300, 4597}
	assert.Contains(t, r.HolderLines()[1], "one more with each request (600 → 2,300 → 4,597)")
	r.Trend.Reason = "decided by who holds it: main.x has 1.00 more with each request"
	assert.Contains(t, r.headline(), "; decided by who holds it: main.x has")
	healthy := healthyRun()
	healthy.Trend.Reason = "decided by what is reachable: at rest it does not grow (4.0 → 4.0 MiB)"
	assert.Contains(t, healthy.trendInWords(), "/request; decided by what is reachable")
}
