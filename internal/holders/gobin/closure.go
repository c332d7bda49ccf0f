package gobin

import (
	"slices"
	"strings"

	"github.com/memgate/memgate/profile"
)

// ClosurePrefix begins the name of a closure's type; the function's name follows.
const ClosurePrefix = profile.ClosurePrefix

// Closure returns the layout of a function value's object: its code, then what it captured.
// Nil if no function begins at that address.
func (p *Program) Closure(pc uint64) *Type {
	fn := p.Function(pc)
	if fn == "" || p.Entry(pc) == "" {
		return nil
	}
	name := ClosurePrefix + fn
	if t, ok := p.byName[name]; ok {
		return t
	}
	t := &Type{Name: name, Kind: Struct, Size: 8}
	for _, c := range p.closures[fn] {
		if ct := p.resolve(p.byOffset[c.dwarf]); ct != nil {
			t.Fields = append(t.Fields, Field{c.name, c.offset, ct})
		}
	}
	if r := p.receiver(fn); r != nil {
		t.Fields = append(t.Fields, Field{"receiver", 8, &Type{Name: "*" + r.Name, Kind: Pointer, Size: 8, Elem: r}})
	}
	slices.SortFunc(t.Fields, func(a, b Field) int { return cmp64(a.Offset, b.Offset) })
	p.byName[name] = t
	return t
}

// receiver returns the type that a method value, "shop.(*server).handle-fm", is bound to.
func (p *Program) receiver(fn string) *Type {
	if !strings.HasSuffix(fn, "-fm") {
		return nil
	}
	pkg, rest, ok := strings.Cut(fn, ".(*")
	if !ok {
		return nil
	}
	name, _, ok := strings.Cut(rest, ")")
	if !ok {
		return nil
	}
	return p.Named(pkg + "." + name)
}

// Resolve gives the best form of a type that another one names.
func (p *Program) Resolve(t *Type) *Type { return p.resolve(t) }
