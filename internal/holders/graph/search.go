package graph

import (
	"strings"

	"github.com/memgate/memgate/internal/holders/gobin"
	"github.com/memgate/memgate/internal/holders/heap"
)

// search goes through a heap breadth first. Columns are per object that was found, in
// the order of finding: a heap of some million objects leaves no room for structures.
type search struct {
	m       *heap.Image
	p       *gobin.Program
	roots   []root // [0] is none
	globals int32  // roots up to here are the program's variables
	statics []static
	system  int32 // from here on they are the runtime's

	found  []int32  // objects
	number []int32  // of an object: 1 + where it is in found; 0 if it was not found
	parent []int32  // an index of found, or ^ an index of roots
	via    []uint32 // offset of the pointer in the parent, or the index of a root's edge
	typ    []int32  // IDs of types
	base   []uint16 // how far into the object the type's value begins

	other   uint64 // a type word that is not a processor's
	late    bool   // the runtime's own roots are being searched
	closed  []bool // by object: not to be looked into
	retyped []int32
	edges   []heap.Edge
	at      inObject
	maps    map[string]*gobin.Type
	text    *gobin.Type // a string's bytes
	bytes   uint64
}

func newSearch(m *heap.Image, p *gobin.Program) *search {
	s := &search{m: m, p: p, number: make([]int32, m.Len()), closed: make([]bool, m.Len()), maps: map[string]*gobin.Type{}, at: inObject{m: m}, text: &gobin.Type{Name: "string", Kind: gobin.String}}
	for i := range m.Goroutines {
		if to := m.Find(m.Goroutines[i].Addr); to >= 0 {
			s.closed[to] = true // its stack is a root; the rest links it to others
		}
	}
	if to := m.Find(m.GoroutineList); to >= 0 {
		s.closed[to] = true
	}
	room := m.Len() * 3 / 4
	s.found, s.parent, s.typ = make([]int32, 0, room), make([]int32, 0, room), make([]int32, 0, room)
	s.via, s.base = make([]uint32, 0, room), make([]uint16, 0, room)
	return s
}

// run finds all that is reachable: from variables first, all at once; then from one
// goroutine after the other; then from what is the runtime's.
func (s *search) run() {
	next := 0
	for r := int32(1); r < int32(len(s.roots)); r++ {
		s.late = r >= s.system
		s.fromRoot(r)
		if r+1 < s.globals || r+1 < int32(len(s.roots)) && s.roots[r+1].kind == FrameOf {
			continue
		}
		for ; next < len(s.found); next++ {
			s.expand(int32(next))
			s.again(next)
		}
	}
}

func (s *search) fromRoot(r int32) {
	for i, e := range s.roots[r].edges {
		s.visit(^r, e.to, uint32(i), e.t, e.value, 0)
	}
}

// again looks once more into objects whose type became known after they were looked
// into: their children may have types now, too.
func (s *search) again(done int) {
	for len(s.retyped) > 0 {
		k := s.retyped[len(s.retyped)-1]
		s.retyped = s.retyped[:len(s.retyped)-1]
		if int(k) <= done {
			s.expand(k)
		}
	}
}

// expand visits what an object points to.
func (s *search) expand(k int32) {
	id := s.found[k]
	if s.closed[id] {
		return
	}
	s.edges = s.m.Edges(id, s.edges[:0])
	if len(s.edges) == 0 {
		return
	}
	t, base := s.p.TypeOf(s.typ[k]), uint64(s.base[k])
	for _, e := range s.edges {
		at := &s.at // a fresh one for each of some million pointers costs more than it looks
		at.id, at.off = id, uint64(e.Offset)
		var to *gobin.Type
		if t != nil && at.off >= base {
			slot := s.p.SlotAt(t, at.off-base)
			if slot.Leads() {
				to = s.pointee(slot, at, e.To)
			} else {
				continue
			}
		} else {
			to = s.guess(at, e.To)
		}
		s.visit(k, e.To, e.Offset, to, 0, at.off)
	}
}

// visit notes an object that a pointer leads to. value is the pointer, or 0 if it is
// the word at off of the parent.
func (s *search) visit(from, to int32, via uint32, t *gobin.Type, value, off uint64) {
	k := s.number[to] - 1
	if k < 0 {
		if !s.late && s.isProcessor(to) {
			return // a stack may have a trace of it; what hangs on it is the scheduler's
		}
		s.number[to] = int32(len(s.found)) + 1
		k = int32(len(s.found))
		s.found, s.parent, s.via = append(s.found, to), append(s.parent, from), append(s.via, via)
		s.typ, s.base = append(s.typ, 0), append(s.base, 0)
		_, size := s.m.Object(to)
		s.bytes += size
		if !s.setType(k, t, from, value, off) {
			s.noted(k)
		}
		return
	}
	if t != nil && s.typ[k] == 0 && s.setType(k, t, from, value, off) {
		s.retyped = append(s.retyped, k)
	}
}

// setType gives an object the type of what a pointer to it points to, if that pointer
// goes to its beginning.
func (s *search) setType(k int32, t *gobin.Type, from int32, value, off uint64) bool {
	if t == nil {
		return false
	}
	if value == 0 {
		value = s.m.Word(s.found[from], off)
	}
	addr, size := s.m.Object(s.found[k])
	in := value - addr
	const withHeader = 512
	switch {
	case t.Kind == gobin.Elements && t.Elem != nil && t.Elem.Size > 0:
		in %= t.Elem.Size
	case in != 0 && (in != 8 || size <= withHeader), t.Size > size:
		return false
	}
	s.typ[k], s.base[k] = s.p.ID(t), uint16(in)
	return true
}

// isProcessor tells whether an object is one of the scheduler's processors.
func (s *search) isProcessor(id int32) bool {
	word, _ := s.m.TypeWord(id)
	if word == 0 || word == s.other {
		return false
	}
	if t := s.p.RuntimeType(word); t != nil && t.Name == "runtime.p" {
		return true
	}
	s.other = word
	return false
}

// noted takes the type that the allocator noted beside an object.
func (s *search) noted(k int32) {
	word, at := s.m.TypeWord(s.found[k])
	if word == 0 {
		return
	}
	t := s.p.RuntimeType(word)
	if t == nil {
		return
	}
	_, size := s.m.Object(s.found[k])
	if t.Size > 0 && 2*t.Size+at <= size {
		t = t.ElementsOf()
	}
	s.typ[k], s.base[k] = s.p.ID(t), uint16(at)
}

// inferMaps names maps that no type leads to: their groups may bear a type that the
// allocator noted, and what stands above these is the map.
func (s *search) inferMaps() {
	inner := &gobin.Type{Name: "map", Kind: gobin.MapTable, Inner: true}
	for k := range s.found {
		t := s.p.TypeOf(s.typ[k])
		if t == nil || !t.Inner {
			continue
		}
		_, rest, ok := strings.Cut(t.Name, "map.group[")
		if !ok {
			continue
		}
		const table, header = 32, 48
		p, size := s.untypedAbove(int32(k))
		if size == table {
			s.typ[p] = s.p.ID(inner)
			if p, size = s.untypedAbove(p); p >= 0 && size != header {
				s.typ[p] = s.p.ID(inner)
				p, size = s.untypedAbove(p)
			}
		}
		if size == header {
			s.typ[p] = s.p.ID(s.mapNamed("map[" + rest))
		}
	}
}

// untypedAbove returns the parent of an object and its size, if it is an object whose type
// is not known; else -1.
func (s *search) untypedAbove(k int32) (int32, uint64) {
	p := s.parent[k]
	if p < 0 || s.typ[p] != 0 {
		return -1, 0
	}
	_, size := s.m.Object(s.found[p])
	return p, size
}

func (s *search) mapNamed(name string) *gobin.Type {
	if s.maps[name] == nil {
		s.maps[name] = &gobin.Type{Name: name, Kind: gobin.MapHeader}
	}
	return s.maps[name]
}
