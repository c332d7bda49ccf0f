package gobin

import (
	"debug/dwarf"
	"encoding/binary"
	"strings"
)

// Go's own attributes in DWARF (cmd/internal/dwarf).
const (
	attrGoKind     = dwarf.Attr(0x2900)
	attrGoKey      = dwarf.Attr(0x2901)
	attrGoElem     = dwarf.Attr(0x2902)
	attrGoRuntime  = dwarf.Attr(0x2904)
	attrGoCaptured = dwarf.Attr(0x2907)
)

// captured is a variable that a closure holds.
type captured struct {
	name   string
	offset uint64
	dwarf  offset
}

// entry is a type as DWARF has it, before the types that it names are known.
type entry struct {
	t               *Type
	tag             dwarf.Tag
	base, elem, key offset
	members         []captured
}

// dwarfReader goes through all entries once.
type dwarfReader struct {
	p       *Program
	entries []*entry
	current *entry                  // whose members come next
	fn      string                  // whose variables come next
	names   map[dwarf.Offset]string // of functions that others are instances of
	globals map[uint64]int          // by address
}

func (p *Program) readDWARF(data *dwarf.Data) {
	r := &dwarfReader{p: p, names: map[dwarf.Offset]string{}, globals: map[uint64]int{}}
	for i, g := range p.vars {
		r.globals[g.Addr] = i
	}
	all := data.Reader()
	for {
		e, err := all.Next()
		if err != nil || e == nil {
			break
		}
		r.read(e)
		if e.Tag == dwarf.TagSubprogram && e.Children && !strings.Contains(r.fn, ".func") {
			all.SkipChildren() // only closures have captured variables
		}
	}
	for _, e := range r.entries {
		r.link(e)
	}
	p.hasDWARF = len(r.entries) > 0
}

func (r *dwarfReader) read(e *dwarf.Entry) {
	switch e.Tag {
	case dwarf.TagStructType, dwarf.TagTypedef, dwarf.TagPointerType, dwarf.TagArrayType,
		dwarf.TagBaseType, dwarf.TagSubroutineType, dwarf.TagUnspecifiedType:
		r.readType(e)
	case dwarf.TagMember:
		if r.current != nil {
			r.current.members = append(r.current.members, captured{text(e), number(e, dwarf.AttrDataMemberLoc), ref(e, dwarf.AttrType)})
		}
	case dwarf.TagSubprogram:
		r.fn = text(e)
		if r.fn != "" {
			r.names[e.Offset] = r.fn
		} else {
			r.fn = r.names[ref(e, dwarf.AttrAbstractOrigin)]
		}
	case dwarf.TagVariable, dwarf.TagFormalParameter:
		r.readVariable(e)
	}
}

func (r *dwarfReader) readType(e *dwarf.Entry) {
	t := &Type{Name: text(e), Kind: Kind(number(e, attrGoKind)), Size: number(e, dwarf.AttrByteSize), runtime: number(e, attrGoRuntime)}
	t.Trie = isTrie(t.Name)
	r.current = &entry{t: t, tag: e.Tag, base: ref(e, dwarf.AttrType), elem: ref(e, attrGoElem), key: ref(e, attrGoKey)}
	r.entries = append(r.entries, r.current)
	r.p.byOffset[e.Offset] = t
	if _, seen := r.p.offsets[t.Name]; !seen && e.Tag != dwarf.TagPointerType && t.Name != "" {
		r.p.offsets[t.Name] = e.Offset
	}
}

func (r *dwarfReader) readVariable(e *dwarf.Entry) {
	if e.Val(attrGoCaptured) != nil {
		r.p.closures[r.fn] = append(r.p.closures[r.fn], captured{text(e), number(e, attrGoCaptured), ref(e, dwarf.AttrType)})
		return
	}
	const opAddr = 3
	if loc, ok := e.Val(dwarf.AttrLocation).([]byte); ok && len(loc) == 9 && loc[0] == opAddr {
		if i, ok := r.globals[binary.LittleEndian.Uint64(loc[1:])+r.p.bias]; ok {
			r.p.vars[i].dwarf = ref(e, dwarf.AttrType)
		}
	}
}

// link puts types in the place of the offsets that name them.
func (r *dwarfReader) link(e *entry) {
	t, types := e.t, r.p.byOffset
	switch e.tag {
	case dwarf.TagPointerType:
		t.Kind, t.Size, t.Elem = Pointer, 8, types[e.base]
		if t.Name == "unsafe.Pointer" {
			t.Kind = Unsafe
		}
	case dwarf.TagSubroutineType:
		t.Kind, t.Size = Func, 8
	case dwarf.TagTypedef:
		t.base = types[e.base]
	case dwarf.TagArrayType:
		t.Kind, t.Elem = Array, types[e.base]
	}
	switch t.Kind {
	case Slice:
		t.Elem = types[e.elem]
	case Chan:
		t.Elem, t.Size = types[e.elem], 8
	case Map:
		t.Key, t.Elem, t.Size = types[e.key], types[e.elem], 8
	case Struct, 0:
		for _, m := range e.members {
			if mt := types[m.dwarf]; mt != nil {
				t.Fields = append(t.Fields, Field{m.name, m.offset, mt})
			}
		}
	}
}

func text(e *dwarf.Entry) string {
	s, _ := e.Val(dwarf.AttrName).(string)
	return s
}

func ref(e *dwarf.Entry, a dwarf.Attr) dwarf.Offset {
	o, _ := e.Val(a).(dwarf.Offset)
	return o
}

func number(e *dwarf.Entry, a dwarf.Attr) uint64 {
	switch v := e.Val(a).(type) {
	case int64:
		return uint64(v)
	case uint64:
		return v
	}
	return 0
}

// resolve gives the best form of a type: the runtime's description where there is one.
func (p *Program) resolve(t *Type) *Type {
	if t == nil {
		return nil
	}
	if t.resolved == nil {
		t.resolved = p.resolveNow(t)
	}
	return t.resolved
}

func (p *Program) resolveNow(t *Type) *Type {
	const deepest = 10 // of definitions on definitions
	for i := 0; t != nil && i < deepest; i++ {
		if a := p.runtimeAddr(t); a != 0 {
			if r := p.RuntimeType(a); r != nil {
				return r
			}
		}
		b := t.base
		opaque := b != nil && b.Kind == 0 && b.base == nil && t.Kind != 0 && len(b.Fields) == 0
		if b == nil || opaque || t.Kind == Map || t.Kind == Chan || t.Kind == Interface {
			return t
		}
		t = b
	}
	return t
}

// runtimeAddr returns where the runtime describes t. DWARF has an address, or an offset from
// where the descriptions begin.
func (p *Program) runtimeAddr(t *Type) uint64 {
	switch {
	case t.runtime == 0 || t.runtime >= p.typesFrom:
		return t.runtime
	case t.runtime < p.typesFrom-p.bias:
		return t.runtime + p.typesFrom
	}
	return t.runtime + p.bias
}

// Named returns the type of that name, with its package's path; nil if it is not known.
func (p *Program) Named(name string) *Type {
	if t, ok := p.byName[name]; ok {
		return t
	}
	t := p.resolve(p.byOffset[p.offsets[name]])
	p.byName[name] = t
	return t
}
