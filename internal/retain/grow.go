// Package retain finds who holds memory that grew, from what was reachable in a heap at
// two moments: the last node on a path that grew that did not multiply itself. It works on
// paths and counts, whatever the language; of Go alone it knows what the insides of the
// standard library's containers are called.
//
// Nothing is guessed. Where the growth of what is reachable does not explain the growth of
// the heap, Grow names nobody.
package retain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/memgate/memgate/profile"
)

// Holder is what keeps memory alive that grew.
type Holder struct {
	Kind       Kind
	Name       string  // "example.com/shop.carts", "example.com/shop.server.sessions", "example.com/shop.worker [chan receive]"
	Type       string  // "map[string]*shop.cart"; "" if it is not known
	Root       string  // where the path to it begins, if it is no root itself: "global variable net/http.DefaultServeMux"
	Bytes      int64   // of the growth, that it holds
	Share      float64 // of all growth of what is reachable
	PerRequest float64 // bytes
	Objects    float64 // that it holds more with each request
	Elements   float64 // of its own that it has more with each request: 1 is one map entry, one goroutine
	From, To   int64   // its elements before and after
	Held       []Step  // what it holds, the heaviest first
	AlsoHeldBy []string

	counted []counted // whose sum its elements are
}

// Kind of a holder.
type Kind string

// The kinds of holders.
const (
	Global     Kind = "global variable"
	Field      Kind = "field"
	Closure    Kind = "captured variable"
	Goroutines Kind = "goroutines"
	Frame      Kind = "stack of"
	Timers     Kind = "pending timers"
	Unnamed    Kind = "" // its name says what it is
)

// Step is a path below a holder.
type Step struct {
	Path    string // "[value].s"
	Type    string
	Bytes   int64
	Objects float64 // of this path, more with each request
}

// Growth is what two snapshots say.
type Growth struct {
	Bytes   int64    // growth of what is reachable, stacks included
	Objects int64    // likewise
	Heap    int64    // the same, and what the last collection found live besides
	Holders []Holder // the heaviest first; none if WhyNot says why
	WhyNot  string
}

// Bounds of what is named.
const (
	leastBytes      = 32 << 10 // of growth: less is a server finding its size
	leastPerRequest = 4        // bytes
	leastShare      = 0.05     // of the growth, that a holder must hold to be listed
	explained       = 0.5      // of the heap's growth, that must be reachable
	mostHolders     = 4
)

// Grow compares what was reachable before and after that many requests in the heap of that
// name: "Go heap".
func Grow(early, late *profile.Paths, requests uint64, heap string) Growth {
	d := newDiff(early, late, requests)
	g := Growth{
		Bytes:   int64(late.Bytes+late.Stacks) - int64(early.Bytes+early.Stacks),
		Objects: int64(late.Objects) - int64(early.Objects),
	}
	g.Heap = g.Bytes + max(0, unseen(late)-unseen(early))
	switch {
	case requests == 0:
		g.WhyNot = "no request was completed between the two snapshots"
	case g.Bytes < leastBytes || float64(g.Bytes) < leastPerRequest*float64(requests):
		g.WhyNot = fmt.Sprintf("what is reachable in the %s grew by %d B over %d requests: nothing there grows with them", heap, g.Bytes, requests)
	case !g.Explains(g.Heap):
		g.WhyNot = g.unexplained(g.Heap)
	default:
		g.Holders = d.holders(g.Bytes)
		if len(g.Holders) == 0 {
			g.WhyNot = "the growth is spread over the heap: nothing holds more than a twentieth of it"
		}
	}
	return g
}

// unseen returns what the last collection found live and the search did not reach. The
// collection may be long past: what has become live since then says nothing.
func unseen(p *profile.Paths) int64 { return max(0, int64(p.Marked)-int64(p.Bytes)) }

// Explains tells whether what is reachable accounts for at least half of such a growth
// of the heap.
func (g *Growth) Explains(heap int64) bool { return float64(g.Bytes) >= explained*float64(heap) }

func (g *Growth) unexplained(heap int64) string {
	return fmt.Sprintf("what was found reachable grew by %d B, the live heap by %d B: too little of it is explained", g.Bytes, heap)
}

// MustExplain names nobody where what is reachable accounts for less than half of a
// growth that was measured otherwise.
func (g *Growth) MustExplain(heap int64) {
	if len(g.Holders) > 0 && !g.Explains(heap) {
		g.Holders, g.WhyNot = nil, g.unexplained(heap)
	}
}

// diff is the growth of each node of the late snapshot.
type diff struct {
	late     *profile.Paths
	requests float64
	own      []int64 // bytes of the node alone
	total    []int64 // with all below it
	objects  []int64 // likewise
	count    []int64
	before   []int64 // count in the early snapshot
	elements []int64 // elements there
	kids     [][]int32
}

func newDiff(early, late *profile.Paths, requests uint64) *diff {
	n := len(late.Nodes)
	d := &diff{
		late: late, requests: float64(max(requests, 1)), own: make([]int64, n), total: make([]int64, n),
		objects: make([]int64, n), count: make([]int64, n), before: make([]int64, n),
		elements: make([]int64, n), kids: make([][]int32, n),
	}
	old := make(map[string]int32, len(early.Nodes))
	for i := 1; i < len(early.Nodes); i++ {
		old[early.Key(int32(i))] = int32(i)
	}
	for i := n - 1; i > 0; i-- {
		node := &late.Nodes[i]
		d.own[i], d.count[i] = node.Bytes, node.Count
		if o, ok := old[late.Key(int32(i))]; ok {
			d.own[i] -= early.Nodes[o].Bytes
			d.count[i] -= early.Nodes[o].Count
			d.before[i], d.elements[i] = early.Nodes[o].Count, early.Nodes[o].Elements
		}
		d.total[i] += d.own[i]
		d.objects[i] += d.count[i]
		d.total[node.Parent] += d.total[i]
		d.objects[node.Parent] += d.objects[i]
		d.kids[node.Parent] = append(d.kids[node.Parent], int32(i))
	}
	for _, k := range d.kids {
		slices.SortFunc(k, func(a, b int32) int { return cmp.Or(cmp.Compare(d.total[b], d.total[a]), cmp.Compare(a, b)) })
	}
	return d
}

// multiplies tells whether there are more and more objects of that path: by at least a
// tenth of those that were there, and one for a thousand requests.
func (d *diff) multiplies(i int32) bool {
	const few = 4
	n := d.count[i]
	return n > few && float64(n) >= d.requests/1000 && n*10 >= d.before[i]
}

// candidate is a node that holds growth of its own.
type candidate struct {
	node  int32
	more  []int32 // other ends of the same list
	bytes int64
}

// candidates returns the nodes that do not multiply while what they hold does, or grow by
// themselves.
func (d *diff) candidates() []candidate {
	var all []candidate
	var walk func(i int32)
	walk = func(i int32) {
		held := d.own[i]
		for _, k := range d.kids[i] {
			if d.multiplies(k) {
				held += d.total[k]
			} else {
				walk(k)
			}
		}
		if held > 0 {
			all = append(all, candidate{node: i, bytes: held})
		}
	}
	for _, r := range d.kids[0] {
		if d.multiplies(r) {
			all = append(all, candidate{node: r, bytes: d.total[r]})
		} else {
			walk(r)
		}
	}
	return d.merged(all)
}

// merged makes one of candidates that are the ends of one list or tree: their elements
// are of their own type.
func (d *diff) merged(all []candidate) []candidate {
	heads := map[int32]int{}
	var out []candidate
	for _, c := range all {
		head := d.head(c.node)
		if at, ok := heads[head]; ok && head != c.node {
			out[at].bytes += c.bytes
			out[at].more = append(out[at].more, c.node)
			continue
		}
		heads[head] = len(out)
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.bytes, a.bytes), cmp.Compare(a.node, b.node)) })
	return out
}

// head returns what a list or tree hangs on that the node is the first element of; the node
// itself if it is none.
func (d *diff) head(i int32) int32 {
	for _, k := range d.kids[i] {
		if n := d.node(i); d.multiplies(k) && n.Type != "" && d.node(k).Type == n.Type {
			return n.Parent
		}
	}
	return i
}

func (d *diff) holders(growth int64) []Holder {
	var all []Holder
	for _, c := range d.candidates() {
		share := float64(c.bytes) / float64(growth)
		if share < leastShare || len(all) == mostHolders {
			break
		}
		if d.bookkeeping(c.node) {
			continue
		}
		h := d.name(c.node)
		h.Bytes, h.Share, h.PerRequest = c.bytes, min(share, 1), float64(c.bytes)/d.requests
		d.measure(&h, c.node)
		for _, n := range c.more {
			d.measure(&h, n)
		}
		d.steps(&h, c.node)
		h.AlsoHeldBy = d.others(c.node)
		all = append(all, h)
	}
	return all
}

// bookkeeping tells whether a node is the runtime's own, which shifts from path to path.
func (d *diff) bookkeeping(i int32) bool {
	path := d.path(i)
	if d.onTimers(path) {
		return false
	}
	return d.node(path[0]).Root == profile.RootRuntime || strings.HasPrefix(d.frame(path), "runtime.")
}
