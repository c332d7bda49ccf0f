package gobin

import (
	"fmt"
	"strings"
)

// Layout is where the fields of the runtime's own structures lie: "g.goid", in bytes.
// "mspan" alone is the structure's size.
type Layout map[string]uint64

// wanted are the fields that reading a heap takes.
var wanted = []string{
	"mheap.allspans",
	"mspan", "mspan.startAddr", "mspan.npages", "mspan.nelems", "mspan.allocCount",
	"mspan.spanclass", "mspan.state", "mspan.elemsize", "mspan.largeType",
	"g", "g.stack.lo", "g.stack.hi", "g.sched.sp", "g.sched.pc", "g.sched.bp",
	"g.syscallsp", "g.syscallpc", "g.syscallbp", "g.atomicstatus", "g.goid", "g.gopc", "g.waitreason",
	"moduledata.text", "moduledata.data", "moduledata.edata", "moduledata.bss", "moduledata.ebss", "moduledata.types", "moduledata.etypes", "moduledata.gcdatamask", "moduledata.gcbssmask",
	"gcControllerState.heapMarked",
}

// findLayout takes the layout from the program's own DWARF, and where that was
// stripped from what is known of its version of Go. It never guesses: a layout that is
// nearly right gives nonsense that looks like a heap.
func (p *Program) findLayout() error {
	if p.hasDWARF {
		l, missing := p.layoutFromDWARF()
		if missing == "" {
			p.Layout = l
			return l.sane()
		}
		return fmt.Errorf("the runtime of %s has no %s: this version of memgate knows Go %s", p.Version, missing, knownVersions)
	}
	for _, k := range known {
		if p.Version == k.version || strings.HasPrefix(p.Version, k.version+".") || strings.HasPrefix(p.Version, k.version+" ") {
			p.Layout = k.layout()
			return nil
		}
	}
	return fmt.Errorf("the executable has no DWARF (-w), and without it the heap of %s is not known, only that of Go %s: build it without -ldflags=-w", p.Version, knownVersions)
}

// sane tells whether all fields lie in structures of a size that may be read.
func (l Layout) sane() error {
	const largest = 1 << 12 // bytes, of g or mspan; they have less than a tenth of that
	for name, off := range l {
		of, _, field := strings.Cut(name, ".")
		size, known := l[of]
		if !field && off > largest || field && (off > 1<<20 || known && off+8 > size) {
			return fmt.Errorf("the executable says that %s of the runtime is at %d: that cannot be", name, off)
		}
	}
	return nil
}

func (p *Program) layoutFromDWARF() (l Layout, missing string) {
	l = Layout{}
	for _, name := range wanted {
		path := strings.Split(name, ".")
		off, ok := p.fieldOffset("runtime."+path[0], path[1:])
		if !ok {
			return nil, name
		}
		l[name] = off
	}
	return l, ""
}

// fieldOffset follows field names into a struct; without any it is the struct's size.
func (p *Program) fieldOffset(name string, path []string) (off uint64, ok bool) {
	at, found := p.offsets[name]
	if !found {
		return 0, false
	}
	t := p.raw(p.byOffset[at])
	if len(path) == 0 {
		return t.Size, t.Size > 0
	}
	for _, field := range path {
		t = p.raw(t)
		found := false
		for _, f := range t.Fields {
			if f.Name == field {
				off, t, found = off+f.Offset, f.Type, true
				break
			}
		}
		if !found {
			return 0, false
		}
	}
	return off, true
}

// raw returns a type as DWARF has it: the runtime's own structures come before it is known
// where the runtime describes types.
func (p *Program) raw(t *Type) *Type {
	for t.base != nil {
		t = t.base
	}
	return t
}
