package graph

import (
	"strings"

	"github.com/memgate/memgate/internal/holders/gobin"
	"github.com/memgate/memgate/internal/holders/heap"
)

// place is where a pointer stands: its neighbours say what it points to.
type place interface {
	before() uint64 // the word before it
	after() uint64
	boxed() bool // the word before it is known to be no pointer: it may be an interface's first
}

type inObject struct {
	m   *heap.Image
	id  int32
	off uint64
}

func (p *inObject) before() uint64 {
	if p.off < 8 {
		return 0
	}
	return p.m.Word(p.id, p.off-8)
}
func (p *inObject) after() uint64 { return p.m.Word(p.id, p.off+8) }
func (p *inObject) boxed() bool   { return p.off >= 8 && p.m.Scalar(p.id, p.off-8) }

type inSegment struct {
	seg  *heap.Segment
	addr uint64
}

func (p inSegment) before() uint64 { return p.seg.Word(p.addr - 8) }
func (p inSegment) after() uint64  { return p.seg.Word(p.addr + 8) }
func (p inSegment) boxed() bool    { return p.seg.Scalar(p.addr - 8) }

// pointee returns the type of the object that a pointer leads to; nil if it is not known.
func (s *search) pointee(slot *gobin.Slot, at place, to int32) *gobin.Type {
	t := s.p.Resolve(slot.Type)
	if t == nil {
		return nil
	}
	switch slot.Role {
	case gobin.Whole:
		return s.behind(t, to)
	case gobin.Data:
		return s.boxed(s.dynamic(at.before(), s.m.Live), to)
	case gobin.Backing, gobin.Buffer:
		if e := s.p.Resolve(t.Elem); e != nil {
			return e.ElementsOf()
		}
	case gobin.Text:
		return s.text
	case gobin.Directory:
		if t.Group != nil && at.after() == 0 {
			return t.Group
		}
		return t.DirectoryOf()
	case gobin.Groups:
		if t.Group != nil {
			return t.Group.ElementsOf()
		}
	}
	return nil
}

// dynamic returns the type of an interface whose first word is known. Without live, only
// what the executable itself says counts.
func (s *search) dynamic(word uint64, live func(uint64) uint64) *gobin.Type {
	if word == 0 || live == nil && !s.p.Holds(word) {
		return nil
	}
	return s.p.Dynamic(word, live)
}

// boxed returns the type of the object behind an interface with a value of type t: what t
// points to, or a copy of the value.
func (s *search) boxed(t *gobin.Type, to int32) *gobin.Type {
	if t == nil {
		return nil
	}
	switch t.Kind {
	case gobin.Pointer, gobin.Map, gobin.Chan, gobin.Func, gobin.Unsafe:
		return s.behind(t, to)
	}
	return t
}

// behind returns what a value of type t, a pointer of some kind, points to.
func (s *search) behind(t *gobin.Type, to int32) *gobin.Type {
	switch t.Kind {
	case gobin.Pointer:
		return s.syncNode(s.p.Resolve(t.Elem), to)
	case gobin.Map, gobin.Chan:
		return t.HeaderOf()
	case gobin.Func:
		return s.p.Closure(s.m.Word(to, 0))
	case gobin.Struct:
		return t
	}
	return nil
}

// syncNode tells which of two a node of a sync.Map is: one with children, or an entry.
// Both begin with a flag that says so.
func (s *search) syncNode(t *gobin.Type, to int32) *gobin.Type {
	const node = "internal/sync.node["
	if t == nil || !strings.HasPrefix(t.Name, node) {
		return t
	}
	kind := "internal/sync.indirect["
	if s.m.Word(to, 0)&0xff == 1 {
		kind = "internal/sync.entry["
	}
	if exact := s.p.Named(kind + strings.TrimPrefix(t.Name, node)); exact != nil {
		return exact
	}
	return t
}

// guess returns the type of what a pointer leads to whose own type is not known: only where
// the word before it is a type or an interface table of the executable, and is no
// pointer by the collector's map. The two are an interface then.
func (s *search) guess(at place, to int32) *gobin.Type {
	if !at.boxed() {
		return nil
	}
	return s.boxed(s.dynamic(at.before(), nil), to)
}

// onStack returns guess for a word of a stack, which has no map. Only an interface table is
// believed there: the address of a type may be a value of its own.
func (s *search) onStack(before uint64, to int32) *gobin.Type {
	if s.p.RuntimeType(before) != nil {
		return nil
	}
	return s.boxed(s.dynamic(before, nil), to)
}
