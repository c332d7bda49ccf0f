// Package symbols names places in the binaries of a target that is no Go program: from the
// symbol tables of the files themselves, seen through the target's own root folder.
package symbols

import (
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/ianlancetaylor/demangle"
)

// Bounds of a binary that is read: it is the target's, and nothing in it is trusted.
const (
	largestBinary = 1 << 30 // bytes
	largestTable  = 256 << 20
	mostBinaries  = 64
	longestName   = 1000
)

// Binaries names places in the files below a folder. It is safe for concurrent use.
type Binaries struct {
	root *os.Root
	mu   sync.Mutex
	read map[string]*table // nil where a file has no symbols
}

// Open looks at the files that a process sees. Close it.
func Open(pid int) (*Binaries, error) { return below(fmt.Sprintf("/proc/%d/root", pid)) }

func below(folder string) (*Binaries, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("look for symbols: %w", err)
	}
	return &Binaries{root: root, read: map[string]*table{}}, nil
}

// Close lets go of the folder.
func (b *Binaries) Close() error { return b.root.Close() }

// Name returns the function at an offset in a file, as its author wrote it; "" if the file
// cannot be read, or has no symbol there.
func (b *Binaries) Name(file string, offset uint64) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, known := b.read[file]
	if !known && len(b.read) < mostBinaries {
		t, _ = b.open(file) // a binary without symbols leaves places as they are
		b.read[file] = t
	}
	if t == nil {
		return ""
	}
	return t.name(offset)
}

func (b *Binaries) open(file string) (*table, error) {
	f, err := b.root.Open(strings.TrimLeft(file, "/"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > largestBinary {
		return nil, errors.Join(err, fmt.Errorf("%s is no binary that is read", file))
	}
	return read(f)
}

// table is the functions of a binary.
type table struct {
	segments  []elf.ProgHeader
	functions []elf.Symbol // by address
}

func read(r io.ReaderAt) (*table, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return nil, err
	}
	var t table
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD {
			t.segments = append(t.segments, p.ProgHeader)
		}
	}
	for _, s := range f.Sections {
		if (s.Type == elf.SHT_SYMTAB || s.Type == elf.SHT_DYNSYM || s.Type == elf.SHT_STRTAB) && s.Size > largestTable {
			return nil, fmt.Errorf("its table of symbols %s has %d bytes", s.Name, s.Size)
		}
	}
	symbols, _ := f.Symbols()
	dynamic, _ := f.DynamicSymbols() // all that a stripped library has
	for _, s := range append(symbols, dynamic...) {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Value > 0 && s.Name != "" {
			t.functions = append(t.functions, s)
		}
	}
	if len(t.functions) == 0 {
		return nil, elf.ErrNoSymbols
	}
	slices.SortStableFunc(t.functions, func(a, b elf.Symbol) int { return cmp.Compare(a.Value, b.Value) })
	return &t, nil
}

// name returns the function that has an offset of the file in it.
func (t *table) name(offset uint64) string {
	for _, p := range t.segments {
		if offset < p.Off || offset-p.Off >= p.Filesz {
			continue
		}
		at := offset - p.Off + p.Vaddr
		i, _ := slices.BinarySearchFunc(t.functions, at, func(s elf.Symbol, at uint64) int {
			if s.Value <= at {
				return -1
			}
			return 1
		})
		if i == 0 {
			continue
		}
		s := t.functions[i-1]
		if s.Size > 0 && at-s.Value >= s.Size || s.Size == 0 && i == len(t.functions) {
			continue
		}
		return readable(s.Name)
	}
	return ""
}

// readable returns a name as it was written, without the types of its arguments.
func readable(name string) string {
	if len(name) > longestName {
		return name[:longestName]
	}
	if plain := demangle.Filter(name, demangle.NoParams, demangle.NoTemplateParams, demangle.MaxLength(9)); plain != "" {
		return plain
	}
	return name
}
