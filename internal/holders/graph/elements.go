package graph

import "github.com/memgate/memgate/internal/holders/gobin"

// elements returns how many an object has, by its own word: a map or a channel by its
// header, a slice's array by the slice that points to it. A number that cannot be is 0.
func (f *folding) elements(k int32, size uint64) int64 {
	t := f.p.TypeOf(f.typ[k])
	if t == nil {
		return 0
	}
	n, most := uint64(0), uint64(1)<<40
	switch t.Kind {
	case gobin.MapHeader, gobin.ChanHeader:
		n = f.m.Word(f.found[k], uint64(f.base[k])) // both begin with it
	case gobin.Elements:
		if t.Elem == nil || t.Elem.Size == 0 || t.Inner {
			return 0
		}
		n, most = f.length(k), size/t.Elem.Size
	}
	if n > most {
		return 0
	}
	return int64(n)
}

// length returns that of the slice which an array was reached by; 0 if it was reached
// otherwise.
func (f *folding) length(k int32) uint64 {
	p := f.parent[k]
	if p < 0 {
		return f.roots[^p].edges[f.via[k]].next
	}
	off, base := uint64(f.via[k]), uint64(f.base[p])
	t := f.p.TypeOf(f.typ[p])
	if t == nil || off < base || f.p.SlotAt(t, off-base).Role != gobin.Backing {
		return 0
	}
	return f.m.Word(f.found[p], off+8)
}
