// Package gobin reads what a Go executable says of itself: its types, global
// variables, functions, and how its runtime lays out a heap. It reads the file only,
// never a process.
//
// A type is described three times in a Go binary. DWARF has all of them, and goes with
// -ldflags=-w; the runtime's own type data is in every binary, and has the types that
// reflection may meet; symbols tie both to global variables, and go with -s.
package gobin

import (
	"debug/buildinfo"
	"debug/dwarf"
	"debug/elf"
	"debug/gosym"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
)

// Program is a Go executable. It is not safe for concurrent use: types are read when
// they are first asked for.
type Program struct {
	Version string // of Go: "go1.26.8"
	Layout  Layout // of the runtime's structures

	file     *elf.File
	bias     uint64 // how far from its own addresses it was loaded; all addresses here are those in memory
	sections []*elf.Section
	from, to uint64 // of all sections
	contents map[*elf.Section][]byte
	functions
	module
	globals
	types
	xrefs
}

// module is what is needed of the runtime's moduledata.
type module struct {
	moduleAt           uint64
	typesFrom, typesTo uint64
}

// Open reads the executable at path. It declines what it does not know for sure, and a
// position-independent one, for which see Loaded.
func Open(path string) (*Program, error) { return open(path, nil) }

// open reads it. loaded says how far from its own addresses it was loaded; nil where it
// was loaded nowhere.
func open(path string, loaded func(*elf.File) (uint64, error)) (*Program, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the target's executable is not a Go program: %w", err)
	}
	f, err := elf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read executable: %w", err)
	}
	p := &Program{Version: info.GoVersion, file: f, contents: map[*elf.Section][]byte{}}
	if f.Type == elf.ET_DYN && loaded != nil {
		if err := p.move(loaded); err != nil {
			return nil, err
		}
	}
	for _, s := range f.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 && s.Type != elf.SHT_NOBITS && s.Size > 0 {
			p.sections = append(p.sections, s)
			if p.from == 0 || s.Addr < p.from {
				p.from = s.Addr
			}
			p.to = max(p.to, s.Addr+s.Size)
		}
	}
	if err := p.known(); err != nil {
		return nil, err
	}
	p.init()
	p.readSymbols()
	data, err := f.DWARF()
	if err == nil && hasTypes(f) {
		p.readDWARF(data)
	}
	if err := p.findLayout(); err != nil {
		return nil, err
	}
	if err := p.readModule(); err != nil {
		return nil, err
	}
	if err := p.tellable(); err != nil {
		return nil, err
	}
	return p, p.readFunctions()
}

func hasTypes(f *elf.File) bool {
	return f.Section(".debug_info") != nil || f.Section(".zdebug_info") != nil
}

// Close lets go of the file.
func (p *Program) Close() error { return p.file.Close() }

// known declines what this package was never tried with.
func (p *Program) known() error {
	switch {
	case p.file.Class != elf.ELFCLASS64 || p.file.ByteOrder != binary.LittleEndian,
		p.file.Machine != elf.EM_X86_64 && p.file.Machine != elf.EM_AARCH64:
		return fmt.Errorf("executables for %v are not known, those for amd64 and arm64 are", p.file.Machine)
	case p.file.Type == elf.ET_DYN && p.bias == 0:
		return errors.New("where the position-independent executable was loaded is not known: build it with -buildmode=exe")
	case p.file.Type != elf.ET_EXEC && p.file.Type != elf.ET_DYN:
		return fmt.Errorf("files of type %v are not known, executables are: build it with -buildmode=exe", p.file.Type)
	}
	return nil
}

// Names says what of names the executable holds: "symbols and types", "symbols" or
// "stripped".
func (p *Program) Names() string {
	switch {
	case p.HasSymbols() && p.hasDWARF:
		return "symbols and types"
	case p.HasSymbols():
		return "symbols, no types (-w)"
	default:
		return "stripped (-s -w)"
	}
}

// bytes returns n bytes of the file that are loaded at address a; nil if there are none.
func (p *Program) bytes(a uint64, n uint64) []byte {
	for _, s := range p.sections {
		if a >= s.Addr && a-s.Addr < s.Size && n <= s.Size-(a-s.Addr) {
			d, ok := p.contents[s]
			if !ok {
				d, _ = s.Data()
				p.contents[s] = d
			}
			if a-s.Addr+n > uint64(len(d)) {
				return nil
			}
			return d[a-s.Addr:][:n]
		}
	}
	return nil
}

func (p *Program) u64(a uint64) uint64 {
	if m := p.bytes(a, 8); m != nil {
		return binary.LittleEndian.Uint64(m)
	}
	return 0
}

// Constant returns a word that the program cannot have changed since it started.
func (p *Program) Constant(a uint64) (uint64, bool) {
	for _, s := range p.sections {
		if a >= s.Addr && a-s.Addr < s.Size {
			relocated := s.Flags&elf.SHF_WRITE != 0
			return p.u64(a), !relocated && s.Size-(a-s.Addr) >= 8
		}
	}
	return 0, false
}

// Holds tells whether an address lies in what the executable itself has loaded.
func (p *Program) Holds(a uint64) bool { return a >= p.from && a < p.to }

// Section returns where a section lies in memory.
func (p *Program) Section(name string) (from, size uint64) {
	if s := p.section(name); s != nil {
		return s.Addr, s.Size
	}
	return 0, 0
}

// section returns the one of that name; in position-independent programs some bear another.
func (p *Program) section(name string) *elf.Section {
	if s := p.file.Section(name); s != nil {
		return s
	}
	return p.file.Section(".data.rel.ro" + name)
}

// readModule finds the runtime's description of the program.
func (p *Program) readModule() error {
	l := p.Layout
	at, ok := p.Symbol("runtime.firstmoduledata")
	if !ok {
		at = p.searchModule()
	}
	p.moduleAt = at
	p.typesFrom, p.typesTo = p.u64(at+l["moduledata.types"]), p.u64(at+l["moduledata.etypes"])
	if at == 0 || p.typesFrom == 0 || p.typesTo <= p.typesFrom || p.bytes(p.typesFrom, 8) == nil {
		return errors.New("the runtime's module data was not found in the executable")
	}
	return nil
}

// searchModule finds it without its symbol: a section of its own in newer programs, in
// older ones the word that points to the function table.
func (p *Program) searchModule() uint64 {
	if at, _ := p.Section(".go.module"); at != 0 {
		return at
	}
	table, _ := p.Section(".gopclntab")
	for _, name := range []string{".noptrdata", ".data"} {
		from, size := p.Section(name)
		for a := from; a+8 <= from+size; a += 8 {
			if p.u64(a) == table && table != 0 {
				return a
			}
		}
	}
	return 0
}

// tellable declines a stripped program with variables of C's among its own: which of
// them code refers to could not be told.
func (p *Program) tellable() error {
	if from, _ := p.Section(".data"); !p.HasSymbols() && p.Variables()[0].From != from {
		return errors.New("the executable is stripped, and was linked by C's linker: who holds what could not be told: build it without -ldflags=-s, or with CGO_ENABLED=0")
	}
	return nil
}

// Variables are a part of memory with global variables, and where the collector's bitmap
// of it is described: a bit per word, set where a pointer may be.
type Variables struct {
	Name     string
	From, To uint64
	Mask     uint64
}

// Variables returns those with a value of their own, and those that begin as zero. C code may
// have others beside them in the same sections.
func (p *Program) Variables() [2]Variables {
	at := func(field string) uint64 { return p.moduleAt + p.Layout["moduledata."+field] }
	return [2]Variables{
		{".data", p.u64(at("data")), p.u64(at("edata")), at("gcdatamask")},
		{".bss", p.u64(at("bss")), p.u64(at("ebss")), at("gcbssmask")},
	}
}

// functions names code.
type functions struct {
	table *gosym.Table
	named map[uint64]string
}

func (p *Program) readFunctions() error {
	text := p.u64(p.moduleAt + p.Layout["moduledata.text"]) // not where .text begins: C code may come first
	s := p.section(".gopclntab")
	if s == nil || text == 0 {
		return errors.New("the executable has no function table (.gopclntab)")
	}
	data, err := s.Data()
	if err != nil {
		return fmt.Errorf("read function table: %w", err)
	}
	table, err := gosym.NewTable(nil, gosym.NewLineTable(data, text))
	if err != nil {
		return fmt.Errorf("read function table: %w", err)
	}
	p.functions = functions{table: table, named: map[uint64]string{}}
	return nil
}

// Function returns the name of the function that an address lies in; "" if in none.
func (f *functions) Function(pc uint64) string {
	if name, ok := f.named[pc]; ok {
		return name
	}
	name := ""
	if fn := f.table.PCToFunc(pc); fn != nil {
		name = fn.Name
	}
	f.named[pc] = name
	return name
}

// Entry returns the name of the function that begins at an address; "" if none does.
func (f *functions) Entry(pc uint64) string {
	if fn := f.table.PCToFunc(pc); fn != nil && fn.Entry == pc {
		return fn.Name
	}
	return ""
}

// offset of a DWARF entry, under a name that a reader need not import.
type offset = dwarf.Offset

// IsGo tells whether the file is a Go program. It is an error if it cannot be read.
func IsGo(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("read executable: %w: it takes root, or the target's own user", err)
	}
	defer func() { _ = f.Close() }()
	_, err = buildinfo.Read(f)
	return err == nil, nil
}
