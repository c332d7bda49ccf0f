package graph

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/memgate/memgate/internal/holders/gobin"
	"github.com/memgate/memgate/internal/holders/heap"
)

// Bounds of a path table.
const (
	mostNodes    = 50_000
	deepest      = 24 // steps of a path; what is further away belongs to the last one
	listDistance = 6  // steps between two nodes of a list, at most
	mostCrossing = 20_000
	largestPlain = 128 // bytes of an object of an unknown type whose words are told apart
)

// Build searches a heap and folds what it finds.
func Build(m *heap.Image, p *gobin.Program) *Paths {
	began := time.Now()
	s := newSearch(m, p)
	s.findRoots()
	s.run()
	s.inferMaps()
	f := &folding{search: s, nodes: map[nodeKey]int32{}, out: &Paths{
		Nodes: make([]Node, 1), Bytes: s.bytes, Objects: uint64(len(s.found)),
		Marked: m.Marked, Allocated: m.Allocated, Stacks: m.Stacks, Goroutines: len(m.Goroutines),
		Version: p.Version, Names: p.Names(), Read: m.Read, Stopped: m.Stopped,
	}, key: make([]nodeKey, 1), depth: make([]uint8, 1)}
	f.addRoots()
	f.addObjects()
	f.cross()
	f.out.Analysis = time.Since(began)
	return f.out
}

// folding makes nodes of objects.
type folding struct {
	*search
	out   *Paths
	nodes map[nodeKey]int32
	key   []nodeKey // of a node
	depth []uint8
	words [largestPlain / 8]int32 // labels of words of unknown types
	ofs   []int32                 // node of an object, by found
	ofr   []int32                 // node of a root
}

// nodeKey is a node by numbers: comparing texts a million times takes long.
type nodeKey struct{ parent, label, typ int32 }

// node returns the node of a key; a new one if there is room.
func (f *folding) node(k nodeKey) (id int32, made bool) {
	if id, ok := f.nodes[k]; ok {
		return id, false
	}
	if len(f.out.Nodes) >= mostNodes {
		return k.parent, false
	}
	id = int32(len(f.out.Nodes))
	n := Node{Parent: k.parent, Label: f.p.Label(k.label)}
	if t := f.p.TypeOf(k.typ); t != nil {
		n.Type = t.Name
	}
	f.nodes[k] = id
	f.out.Nodes = append(f.out.Nodes, n)
	f.key = append(f.key, k)
	f.depth = append(f.depth, f.depth[k.parent]+1)
	return id, true
}

func (f *folding) addRoots() {
	f.ofr = make([]int32, len(f.roots))
	for i := 1; i < len(f.roots); i++ {
		r := &f.roots[i]
		if len(r.edges) == 0 && r.kind != Goroutines {
			continue
		}
		id, made := f.node(nodeKey{f.ofr[r.parent], f.p.LabelID(string(r.kind) + " " + r.name), 0})
		f.ofr[i] = id
		n := &f.out.Nodes[id]
		if made {
			n.Root, n.Label = r.kind, r.name
			if r.t != nil {
				n.Type = r.t.Name
			}
		}
		n.Count++
		n.Bytes += int64(r.stack)
	}
}

func (f *folding) addObjects() {
	f.ofs = make([]int32, len(f.found))
	for k := range f.found {
		_, size := f.m.Object(f.found[k])
		id, own := f.place(int32(k))
		f.ofs[k] = id
		f.out.Nodes[id].Bytes += int64(size)
		f.out.Nodes[id].Elements += f.elements(int32(k), size)
		if own {
			f.out.Nodes[id].Count++
		}
	}
}

// place returns the node of an object. It is not the object's own where the object is a part
// of what it hangs on: the inside of a map.
func (f *folding) place(k int32) (id int32, own bool) {
	above := f.above(k)
	t := f.p.TypeOf(f.typ[k])
	if t != nil && (t.Inner || t.Trie && f.inTrie(k)) {
		return above, false
	}
	if f.like(k) {
		return above, true
	}
	label := f.label(k)
	typ := f.typ[k]
	for a, steps := above, 0; a > 0 && steps < listDistance; a, steps = f.key[a].parent, steps+1 {
		if f.key[a].label == label && f.key[a].typ == typ && (typ != 0 || steps == 0) {
			return a, true // a list, or a tree
		}
	}
	if f.depth[above] >= deepest {
		return above, false
	}
	id, _ = f.node(nodeKey{above, label, typ})
	return id, true
}

// like tells whether an object and its parent, of types that are not known, have the
// same size: a tree or a list, then.
func (f *folding) like(k int32) bool {
	p := f.parent[k]
	if p < 0 || f.typ[k] != 0 || f.typ[p] != 0 {
		return false
	}
	_, size := f.m.Object(f.found[k])
	_, above := f.m.Object(f.found[p])
	return size == above && len(f.edgesOf(k)) > 0
}

func (f *folding) edgesOf(k int32) []heap.Edge {
	f.edges = f.m.Edges(f.found[k], f.edges[:0])
	return f.edges
}

// inTrie tells whether an object hangs on another node of a sync.Map.
func (f *folding) inTrie(k int32) bool {
	p := f.parent[k]
	if p < 0 {
		return false
	}
	t := f.p.TypeOf(f.typ[p])
	return t != nil && t.Trie
}

func (f *folding) above(k int32) int32 {
	if p := f.parent[k]; p >= 0 {
		return f.ofs[p]
	}
	return f.ofr[^f.parent[k]]
}

// label returns how an object's parent points to it.
func (f *folding) label(k int32) int32 {
	p := f.parent[k]
	if p < 0 {
		return f.p.LabelID(f.roots[^p].edges[f.via[k]].label)
	}
	off := uint64(f.via[k])
	if t := f.p.TypeOf(f.typ[p]); t != nil && off >= uint64(f.base[p]) {
		return f.p.SlotAt(t, off-uint64(f.base[p])).LabelID
	}
	if _, size := f.m.Object(f.found[p]); size > largestPlain {
		return f.p.LabelID("[*]")
	}
	l := &f.words[off/8]
	if *l == 0 {
		*l = f.p.LabelID(fmt.Sprintf(".+%d", off))
	}
	return *l
}

// cross counts the pointers by which one path leads to what hangs on another.
func (f *folding) cross() {
	type pair struct{ node, by, label int32 }
	count := map[pair]int64{}
	note := func(from, to, label int32) {
		k := f.number[to] - 1
		if k < 0 || f.out.Nodes[f.ofs[k]].Parent == from || f.ofs[k] == from {
			return
		}
		if p := (pair{f.ofs[k], from, label}); count[p] > 0 || len(count) < mostCrossing {
			count[p]++
		}
	}
	for i := range f.roots {
		for _, e := range f.roots[i].edges {
			note(f.ofr[i], e.to, f.p.LabelID(e.label))
		}
	}
	for k := range f.found {
		if f.closed[f.found[k]] {
			continue
		}
		f.edges = f.m.Edges(f.found[k], f.edges[:0])
		t, base := f.p.TypeOf(f.typ[k]), uint64(f.base[k])
		for _, e := range f.edges {
			label := int32(0)
			if t != nil && uint64(e.Offset) >= base {
				slot := f.p.SlotAt(t, uint64(e.Offset)-base)
				if !slot.Leads() {
					continue
				}
				label = slot.LabelID
			}
			note(f.ofs[k], e.To, label)
		}
	}
	for p, n := range count {
		f.out.Crossings = append(f.out.Crossings, Crossing{Node: p.node, By: p.by, Label: f.p.Label(p.label), Count: n})
	}
	slices.SortFunc(f.out.Crossings, func(a, b Crossing) int {
		return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.By, b.By), cmp.Compare(a.Label, b.Label))
	})
}
