package gobin

import (
	"encoding/binary"
	"strings"
)

// Of the runtime's type descriptions (internal/abi: Type and what begins with it).
const (
	typeSize       = 0
	typeFlags      = 20
	typeAlign      = 21
	typeKind       = 23
	typeString     = 40
	typeHead       = 48
	kindMask       = 31
	flagUncommon   = 1
	flagExtraStar  = 2
	flagNamed      = 4
	largestType    = 1 << 32
	longestName    = 4096
	mostFields     = 10000
	structField    = 24
	groupNameStart = "map.group["
)

// types are those that were met so far.
type types struct {
	byAddr   map[uint64]*Type
	dynamic  map[uint64]*Type // by the first word of an interface
	byOffset map[offset]*Type
	byName   map[string]*Type // structs of the runtime's data, and closures
	offsets  map[string]offset
	closures map[string][]captured
	hasDWARF bool

	all    []*Type
	labels map[string]int32
	texts  []string
}

func (t *types) init() {
	*t = types{
		byAddr: map[uint64]*Type{}, dynamic: map[uint64]*Type{}, byOffset: map[offset]*Type{}, byName: map[string]*Type{},
		offsets: map[string]offset{}, closures: map[string][]captured{},
		all: []*Type{nil}, labels: map[string]int32{"": 0}, texts: []string{""},
	}
}

// ID returns a number for t that stays, from 1; 0 is no type.
func (p *Program) ID(t *Type) int32 {
	if t == nil {
		return 0
	}
	if t.id == 0 {
		t.id = int32(len(p.all))
		p.all = append(p.all, t)
	}
	return t.id
}

// TypeOf returns the type of that ID.
func (p *Program) TypeOf(id int32) *Type { return p.all[id] }

// name reads an encoded name: flags, length, bytes.
func (p *Program) name(a uint64) string {
	m := p.bytes(a, 2)
	if m == nil {
		return ""
	}
	if longer := p.bytes(a, 1+binary.MaxVarintLen16); longer != nil {
		m = longer
	}
	n, k := binary.Uvarint(m[1:])
	if k <= 0 || n > longestName {
		return ""
	}
	return string(p.bytes(a+1+uint64(k), n))
}

// RuntimeType reads the runtime's description of a type; nil if there is none at that
// address. It is there in stripped programs, too.
func (p *Program) RuntimeType(a uint64) *Type {
	if t, ok := p.byAddr[a]; ok {
		return t
	}
	if a < p.typesFrom || a >= p.typesTo || a&7 != 0 {
		return nil
	}
	t := p.head(a)
	p.byAddr[a] = t // before its parts are read: types refer to themselves
	if t == nil {
		return nil
	}
	p.qualify(t, a)
	p.parts(t, a)
	if t.Kind == Struct && p.byName[t.Name] == nil {
		p.byName[t.Name] = t
	}
	return t
}

// head reads what all descriptions begin with.
func (p *Program) head(a uint64) *Type {
	h := p.bytes(a, typeHead)
	if h == nil {
		return nil
	}
	kind := Kind(h[typeKind] & kindMask)
	size := binary.LittleEndian.Uint64(h[typeSize:])
	name := uint64(binary.LittleEndian.Uint32(h[typeString:]))
	if kind == 0 || kind > Unsafe || size > largestType || name >= p.typesTo-p.typesFrom || h[typeAlign] > 64 {
		return nil
	}
	t := &Type{Kind: kind, Size: size, runtime: a, Name: p.name(p.typesFrom + name)}
	if t.Name == "" {
		return nil
	}
	if h[typeFlags]&flagExtraStar != 0 {
		t.Name = strings.TrimPrefix(t.Name, "*")
	}
	t.group = strings.HasPrefix(t.Name, groupNameStart)
	t.Inner = t.group
	return t
}

// uncommon returns where the description of a named type goes on, by its kind.
func uncommon(k Kind) uint64 {
	switch k {
	case Pointer, Slice, Func:
		return 56
	case Chan:
		return 64
	case Array:
		return 72
	case Interface, Struct:
		return 80
	case Map:
		return 112
	}
	return typeHead
}

// qualify gives a named type the whole path of its package.
func (p *Program) qualify(t *Type, a uint64) {
	const named = flagUncommon | flagNamed
	if p.bytes(a+typeFlags, 1)[0]&named != named {
		return
	}
	m := p.bytes(a+uncommon(t.Kind), 4)
	if m == nil {
		return
	}
	path := p.name(p.typesFrom + uint64(binary.LittleEndian.Uint32(m)))
	if dot := strings.IndexByte(t.Name, '.'); path != "" && dot >= 0 && !strings.Contains(t.Name[:dot], "[") {
		t.Name = path + t.Name[dot:]
		t.Trie = isTrie(t.Name)
	}
}

// isTrie tells whether a type is a node of what sync.Map is made of.
func isTrie(name string) bool {
	for _, part := range []string{"internal/sync.indirect[", "internal/sync.entry[", "internal/sync.node["} {
		if strings.HasPrefix(name, part) {
			return true
		}
	}
	return false
}

// parts reads what follows the head.
func (p *Program) parts(t *Type, a uint64) {
	at := func(off uint64) *Type { return p.RuntimeType(p.u64(a + off)) }
	switch t.Kind {
	case Pointer:
		t.Elem = at(48)
		if t.Elem != nil && strings.HasPrefix(t.Name, "*") {
			t.Name = "*" + t.Elem.Name
		}
	case Array, Chan, Slice:
		t.Elem = at(48)
	case Map:
		t.Key, t.Elem = at(48), at(56)
		if g := at(64); g != nil && g.group { // else not a map as of Go 1.24: its inside is not known
			t.Group = g
		}
	case Struct:
		p.fields(t, p.u64(a+56), p.u64(a+64))
	}
}

func (p *Program) fields(t *Type, at, n uint64) {
	if n > mostFields {
		return
	}
	for i := range n {
		f := at + i*structField
		if ft := p.RuntimeType(p.u64(f + 8)); ft != nil {
			t.Fields = append(t.Fields, Field{p.name(p.u64(f)), p.u64(f + 16), ft})
		}
	}
}

// Dynamic returns the type that the first word of an interface value means: a type, or an
// interface table, whose second word read gives; nil if it is neither.
func (p *Program) Dynamic(word uint64, read func(uint64) uint64) *Type {
	if t, ok := p.dynamic[word]; ok {
		return t
	}
	t := p.RuntimeType(word)
	if t == nil && word != 0 && word&7 == 0 {
		second, constant := p.Constant(word + 8)
		if !constant {
			if read == nil {
				return nil
			}
			second = read(word + 8)
		}
		t = p.RuntimeType(second)
	}
	p.dynamic[word] = t
	return t
}
