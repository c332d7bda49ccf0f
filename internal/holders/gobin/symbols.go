package gobin

import (
	"debug/elf"
	"slices"
	"sort"
)

// Global is a global variable.
type Global struct {
	Addr, Size uint64
	Name       string

	dwarf offset // of its type; 0 if that is not known
}

// globals are the program's variables by address.
type globals struct {
	vars  []Global
	index map[string]int
}

func (p *Program) readSymbols() {
	symbols, err := p.file.Symbols()
	if err != nil {
		return // stripped
	}
	g := &p.globals
	for _, s := range symbols {
		if elf.ST_TYPE(s.Info) == elf.STT_OBJECT && s.Size > 0 {
			g.vars = append(g.vars, Global{Addr: s.Value + p.bias, Size: s.Size, Name: s.Name})
		}
	}
	slices.SortFunc(g.vars, func(a, b Global) int {
		switch {
		case a.Addr != b.Addr:
			return cmp64(a.Addr, b.Addr)
		default:
			return cmp64(a.Size, b.Size)
		}
	})
	g.index = make(map[string]int, len(g.vars))
	for i, v := range g.vars {
		g.index[v.Name] = i
	}
}

func cmp64(a, b uint64) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

// HasSymbols tells whether global variables have names.
func (g *globals) HasSymbols() bool { return len(g.vars) > 0 }

// Symbol returns the address of the variable of that name.
func (g *globals) Symbol(name string) (uint64, bool) {
	i, ok := g.index[name]
	if !ok {
		return 0, false
	}
	return g.vars[i].Addr, true
}

// GlobalAt returns the variable that an address lies in; nil if in none that has a name.
func (g *globals) GlobalAt(a uint64) *Global {
	i := sort.Search(len(g.vars), func(i int) bool { return g.vars[i].Addr > a })
	const overlap = 4 // symbols may mark parts of others
	for j := i - 1; j >= 0 && j >= i-overlap; j-- {
		if v := &g.vars[j]; a-v.Addr < v.Size {
			return v
		}
	}
	return nil
}

// GlobalType returns the type of a variable; nil if the executable does not tell.
func (p *Program) GlobalType(g *Global) *Type {
	if g.dwarf == 0 {
		return nil
	}
	return p.resolve(p.byOffset[g.dwarf])
}

// WaitReason returns the runtime's word for why a goroutine waits; "" where symbols do not
// tell.
func (p *Program) WaitReason(n uint64) string {
	i, ok := p.index["runtime.waitReasonStrings"]
	const header, longest = 16, 64
	if !ok || n >= p.vars[i].Size/header {
		return ""
	}
	at := p.vars[i].Addr + n*header
	length := p.u64(at + 8)
	if length > longest {
		return ""
	}
	return string(p.bytes(p.u64(at), length))
}
