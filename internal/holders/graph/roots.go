package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/memgate/memgate/internal/holders/gobin"
	"github.com/memgate/memgate/internal/holders/heap"
)

// root is a global variable, a goroutine or one of its frames.
type root struct {
	name   string
	kind   RootKind
	t      *gobin.Type // of a variable
	parent int32       // of a frame; 0 if none
	stack  uint64
	edges  []rootEdge
}

// rootEdge is a pointer of a root.
type rootEdge struct {
	label string
	t     *gobin.Type // of what it points to
	to    int32
	value uint64
	next  uint64 // the word behind it, where that is a slice's length
}

// findRoots makes the roots in the order in which they are searched.
func (s *search) findRoots() {
	s.roots = make([]root, 1)
	s.findStatics()
	for i := range s.m.Globals {
		s.variables(&s.m.Globals[i])
	}
	slices.SortStableFunc(s.roots[1:], func(a, b root) int { return rank(&a) - rank(&b) })
	s.globals = int32(len(s.roots))
	for s.globals > 1 && s.roots[s.globals-1].kind == Runtime {
		s.globals--
	}
	own := slices.Clone(s.roots[s.globals:])
	s.roots = s.roots[:s.globals]
	frames := s.goroutines()
	s.system = int32(len(s.roots))
	s.roots = append(append(s.roots, own...), frames...)
	s.registers()
}

// rank puts the runtime's variables last, and its processors first of them: timers hang
// on these.
func rank(r *root) int {
	switch {
	case r.kind != Runtime:
		return 0
	case r.name == "runtime.allp":
		return 1
	default:
		return 2
	}
}

// variables makes a root of each variable that holds a pointer to the heap.
func (s *search) variables(seg *heap.Segment) {
	current, owner := -1, ""
	seg.Pointers(func(a, value uint64) {
		to := s.m.Find(value)
		if to < 0 || value == s.m.GoroutineList {
			return // each goroutine is a root of its own
		}
		v := s.variableAt(a)
		if current < 0 || owner != v.name {
			s.roots = append(s.roots, root{name: v.name, kind: v.kind, t: v.t})
			current, owner = len(s.roots)-1, v.name
		}
		e := rootEdge{to: to, value: value}
		if v.t != nil {
			slot := s.p.SlotAt(v.t, a-v.base)
			e.label = slot.Label
			e.t = s.pointee(slot, inSegment{seg, a}, to)
			if slot.Role == gobin.Backing {
				e.next = inSegment{seg, a}.after()
			}
		} else if a != v.base {
			e.label = fmt.Sprintf(".+%d", a-v.base)
		}
		if e.t == nil {
			e.t = s.guess(inSegment{seg, a}, to)
		}
		s.roots[current].edges = append(s.roots[current].edges, e)
	})
}

// variable is what is known of the place of a pointer.
type variable struct {
	name string
	kind RootKind
	base uint64
	t    *gobin.Type
}

func (s *search) variableAt(a uint64) variable {
	if g := s.p.GlobalAt(a); g != nil {
		return variable{g.Name, kindOf(g.Name, Global), g.Addr, s.p.GlobalType(g)}
	}
	if st := s.staticAt(a); st != nil {
		return st.variable
	}
	base, users := s.p.Users(a)
	if len(users) == 0 {
		return variable{fmt.Sprintf("unnamed global variable at %#x", a), Unnamed, a, nil}
	}
	kind := Runtime
	for _, u := range users {
		if kindOf(u, Unnamed) == Unnamed {
			kind = Unnamed
		}
	}
	return variable{fmt.Sprintf("unnamed global variable at %#x used by %s", base, listed(users, 3)), kind, base, nil}
}

// kindOf tells the runtime's own from the program's.
func kindOf(name string, kind RootKind) RootKind {
	if strings.HasPrefix(name, "runtime.") || strings.HasPrefix(name, "internal/runtime/") {
		return Runtime
	}
	return kind
}

func listed(names []string, n int) string {
	if len(names) > n {
		return strings.Join(names[:n], ", ") + fmt.Sprintf(" and %d more", len(names)-n)
	}
	return strings.Join(names, ", ")
}

// static is what a variable like "var store = &T{…}" points to: T lies in the data
// segment itself, and has no name.
type static struct {
	variable
	end uint64
}

func (s *search) findStatics() {
	from := s.m.Globals[0].Addr
	to := s.m.Globals[1].Addr + uint64(len(s.m.Globals[1].Data))
	for i := range s.m.Globals {
		s.m.Globals[i].Pointers(func(a, value uint64) {
			if value < from || value >= to {
				return
			}
			if s.p.HasSymbols() {
				s.namedStatic(a, value)
			} else {
				s.unnamedStatic(a, value)
			}
		})
	}
	slices.SortFunc(s.statics, func(a, b static) int {
		if a.base < b.base {
			return -1
		}
		return 1
	})
}

func (s *search) namedStatic(a, value uint64) {
	g := s.p.GlobalAt(a)
	if g == nil || s.p.GlobalAt(value) != nil {
		return
	}
	t := s.p.GlobalType(g)
	if t == nil || t.Kind != gobin.Pointer || a != g.Addr {
		return
	}
	if e := s.p.Resolve(t.Elem); e != nil && e.Size > 0 {
		s.statics = append(s.statics, static{variable{g.Name, kindOf(g.Name, Global), value, e}, value + e.Size})
	}
}

func (s *search) unnamedStatic(a, value uint64) {
	const largest = 4096
	_, users := s.p.Users(a)
	if len(users) == 0 || kindOf(users[0], Unnamed) == Runtime {
		return
	}
	name := fmt.Sprintf("unnamed global variable at %#x used by %s", value, listed(users, 3))
	s.statics = append(s.statics, static{variable{name, Unnamed, value, nil}, value + largest})
}

func (s *search) staticAt(a uint64) *static {
	i, _ := slices.BinarySearchFunc(s.statics, a, func(st static, a uint64) int {
		if st.base <= a {
			return -1
		}
		return 1
	})
	if i == 0 || a >= s.statics[i-1].end {
		return nil
	}
	st := &s.statics[i-1]
	if st.t == nil {
		if base, _ := s.p.Users(a); base >= st.base && base != 0 {
			return nil // another variable begins between the two
		}
	}
	return st
}

// goroutines makes roots of them and of their frames, the oldest first: so that what
// many hold belongs to the same one in each snapshot. The frames of the runtime's own
// functions are returned, to come last: they hold what their callers hold, and what is
// the scheduler's.
func (s *search) goroutines() (late []root) {
	gs := slices.Clone(s.m.Goroutines)
	slices.SortFunc(gs, func(a, b heap.Goroutine) int { return int(a.ID) - int(b.ID) })
	for i := range gs {
		g := &gs[i]
		s.roots = append(s.roots, root{name: nameOf(g), kind: Goroutines, stack: g.Stack})
		at := int32(len(s.roots) - 1)
		if to := s.m.Find(g.Addr); to >= 0 {
			s.roots[at].edges = []rootEdge{{label: ".g", to: to, value: g.Addr}}
		}
		for _, f := range g.Frames {
			r := root{name: f.Function, kind: FrameOf, parent: at, edges: s.words(f.Words)}
			switch {
			case len(r.edges) == 0:
			case strings.HasPrefix(f.Function, "runtime."):
				late = append(late, r)
			default:
				s.roots = append(s.roots, r)
			}
		}
	}
	return late
}

func (s *search) words(words []heap.Word) []rootEdge {
	edges := make([]rootEdge, 0, len(words))
	for _, w := range words {
		if to := s.m.Find(w.Value); to >= 0 {
			edges = append(edges, rootEdge{to: to, value: w.Value, t: s.onStack(w.Before, to)})
		}
	}
	return edges
}

// registers of threads may hold what no stack holds yet.
func (s *search) registers() {
	r := root{name: "registers of threads", kind: Runtime}
	for _, v := range s.m.Registers {
		if to := s.m.Find(v); to >= 0 {
			r.edges = append(r.edges, rootEdge{to: to, value: v})
		}
	}
	s.roots = append(s.roots, r)
}

// nameOf a goroutine is the function that blocks, or runs, why, and who started it.
func nameOf(g *heap.Goroutine) string {
	in := ""
	for _, f := range g.Frames {
		in = f.Function
		if in != "" && !plumbing(in) {
			break
		}
	}
	if in == "" {
		in = "(unknown)"
	}
	if g.Wait != "" {
		in += " [" + g.Wait + "]"
	}
	if g.Creator != "" && kindOf(g.Creator, Goroutines) != Runtime {
		in += ", started by " + g.Creator
	}
	return in
}

// plumbing tells whether a function only passes on what its caller wants.
func plumbing(fn string) bool {
	for _, p := range []string{"runtime.", "internal/", "sync.", "syscall.", "time.Sleep", "net.", "bufio.", "io."} {
		if strings.HasPrefix(fn, p) {
			return true
		}
	}
	return false
}
