package engine

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
)

func TestALeakOutsideTheGoHeapNamesNobody(t *testing.T) {
	leaking := leak.Trend{Verdict: leak.Leaking, Signal: "off-heap", PerRequest: profile.Estimate{Value: 1000}}
	assert.Equal(t, "the growth lies outside the Go heap: the off-heap grows by 1,000 B with each request, what is reachable in the Go heap by 100 B",
		outside(leaking, "Go heap", 10_000, 100))
	assert.Empty(t, outside(leaking, "Go heap", 60_000, 100), "more than half of it is reachable")
	leaking.Signal = "heap objects"
	assert.Empty(t, outside(leaking, "Go heap", 10_000, 100), "it is in the Go heap")
	leaking.Signal, leaking.Verdict = "off-heap", leak.Inconclusive
	assert.Empty(t, outside(leaking, "Go heap", 0, 100), "nothing is proven")
}
