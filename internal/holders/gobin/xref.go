package gobin

import (
	"debug/elf"
	"encoding/binary"
	"slices"
	"sort"
)

// xrefs are the addresses of data that code refers to, and the functions it is in: the
// way to place a variable of a stripped program in its package.
type xrefs struct {
	searched bool
	targets  []uint64
	users    map[uint64][]string
}

// Users returns the functions that refer to the variable at a, or to the nearest one that
// begins before it, and where that begins.
func (p *Program) Users(a uint64) (base uint64, functions []string) {
	p.searchUsers()
	i := sort.Search(len(p.targets), func(i int) bool { return p.targets[i] > a })
	const largestVariable = 4096
	if i == 0 || a-p.targets[i-1] > largestVariable {
		return 0, nil
	}
	base = p.targets[i-1]
	return base, p.users[base]
}

func (p *Program) searchUsers() {
	if p.searched {
		return
	}
	p.searched, p.users = true, map[uint64][]string{}
	text := p.section(".text")
	data, from, to := p.code(text), p.dataFrom(), p.dataTo()
	if data == nil {
		return
	}
	p.operands(data, text.Addr, from, to, func(at, target uint64) {
		if target&7 != 0 {
			return
		}
		fn := p.functionName(at)
		if l := p.users[target]; fn != "" && !slices.Contains(l, fn) {
			p.users[target] = append(l, fn)
		}
	})
	for t := range p.users {
		p.targets = append(p.targets, t)
	}
	slices.Sort(p.targets)
}

// functionName is Function without remembering the address.
func (p *Program) functionName(pc uint64) string {
	if fn := p.table.PCToFunc(pc); fn != nil {
		return fn.Name
	}
	return ""
}

func (p *Program) code(s *elf.Section) []byte {
	if s == nil || p.file.Machine != elf.EM_X86_64 {
		return nil
	}
	data, _ := s.Data()
	return data
}

func (p *Program) dataFrom() uint64 { a, _ := p.Section(".noptrdata"); return a }

func (p *Program) dataTo() uint64 {
	a, n := p.Section(".noptrbss")
	if b, m := p.Section(".bss"); b+m > a+n {
		return b + m
	}
	return a + n
}

// operands finds what looks like the operand of an amd64 instruction relative to its
// own address, with a target from from to to. Some are none; a caller must check them.
func (p *Program) operands(code []byte, at, from, to uint64, found func(at, target uint64)) {
	const relative, mask = 0x05, 0xc7 // ModR/M: no register, a displacement of 32 bits
	for i := 3; i+4 <= len(code); i++ {
		if code[i-1]&mask != relative {
			continue
		}
		disp := uint64(int64(int32(binary.LittleEndian.Uint32(code[i:]))))
		for _, rest := range [...]uint64{4, 5, 8} { // to the instruction's end: nothing, a byte or four follow
			if t := at + uint64(i) + rest + disp; t >= from && t < to {
				found(at+uint64(i), t)
				break
			}
		}
	}
}

// Refers returns the addresses of data that a function's code refers to.
func (p *Program) Refers(function string) []uint64 {
	fn := p.table.LookupFunc(function)
	if fn == nil || fn.End < fn.Entry || p.file.Machine != elf.EM_X86_64 {
		return nil
	}
	var all []uint64
	p.operands(p.bytes(fn.Entry, fn.End-fn.Entry), fn.Entry, p.dataFrom(), p.dataTo(), func(_, target uint64) {
		if !slices.Contains(all, target) {
			all = append(all, target)
		}
	})
	return all
}
