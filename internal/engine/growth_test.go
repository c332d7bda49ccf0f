package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/report"
)

func TestWhatHasNoNameSaysHowToGetOne(t *testing.T) {
	r := &report.Record{Sites: []heap.Site{
		{Func: "orders+0x12e4", File: "/srv/shop/orders", Offset: 0x12e4}, {Func: "orders+0x12ff", File: "/srv/shop/orders", Offset: 0x12ff},
	}}
	assert.Equal(t, "what grew has no name: no symbols of orders can be read; leave them in it (no strip, no -s), or ask addr2line -f -C -e /srv/shop/orders 0x12e4", nameless(r))

	r.Sites = []heap.Site{{Func: "shop::operator+0x", File: "/srv/shop/orders"}}
	assert.Empty(t, nameless(r))
}

func TestJudgedHeaps(t *testing.T) {
	taken := func(at int, why, phase string) report.ProfileFile {
		return report.ProfileFile{At: time.Duration(at), Why: why, Phase: phase}
	}
	times := func(heaps []heap.Profile) (all []int) {
		for _, h := range heaps {
			all = append(all, int(h.At))
		}
		return all
	}
	all := []report.ProfileFile{taken(1, "", report.Warmup), taken(2, "90%", report.Load), taken(3, "", report.Load), taken(4, "92%", report.Load), taken(5, "94%", report.Load), taken(6, "", report.Final)}
	assert.Equal(t, []int{1, 3}, times(judgedHeaps(all, false)))
	assert.Equal(t, []int{1, 3, 5}, times(judgedHeaps(all, true)))
	assert.Equal(t, []int{1, 3}, times(judgedHeaps(all[:3], true)), "one by plan is later")
	assert.Equal(t, []int{2}, times(judgedHeaps(all[1:2], true)))
	assert.Empty(t, judgedHeaps(nil, true))
}
