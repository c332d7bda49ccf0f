package gobin

import (
	"bufio"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Loaded reads the executable that runs as a process.
func Loaded(pid int) (*Program, error) {
	return open(fmt.Sprintf("/proc/%d/exe", pid), func(f *elf.File) (uint64, error) {
		maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", pid))
		if err != nil {
			return 0, fmt.Errorf("find where the executable was loaded: %w", err)
		}
		defer func() { _ = maps.Close() }()
		exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		if err != nil {
			return 0, fmt.Errorf("find where the executable was loaded: %w", err)
		}
		return biasOf(f, maps, exe)
	})
}

var errNotLoaded = errors.New("find where the executable was loaded: the kernel's list of mappings does not name it")

// biasOf returns how far from its own addresses a file was loaded, by /proc/PID/maps: its
// first mapping against its first segment.
func biasOf(f *elf.File, maps io.Reader, exe string) (uint64, error) {
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 6 || !strings.HasSuffix(lines.Text(), " "+exe) {
			continue
		}
		from, _, _ := strings.Cut(fields[0], "-")
		start, err := strconv.ParseUint(from, 16, 64)
		offset, err2 := strconv.ParseUint(fields[2], 16, 64)
		if err != nil || err2 != nil {
			return 0, errNotLoaded
		}
		const page = 4096
		for _, s := range f.Progs {
			if s.Type == elf.PT_LOAD && s.Off/page*page == offset {
				return start - s.Vaddr/page*page, nil
			}
		}
	}
	return 0, errNotLoaded
}

// move gives all sections the addresses that they have in memory, and their contents
// those of what they point to.
func (p *Program) move(loaded func(*elf.File) (uint64, error)) error {
	var err error
	if p.bias, err = loaded(p.file); err != nil {
		return err
	}
	for _, s := range p.file.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 {
			s.Addr += p.bias
		}
	}
	for _, s := range p.file.Sections {
		if s.Type == elf.SHT_RELA && s.Flags&elf.SHF_ALLOC != 0 {
			p.relocate(s)
		}
	}
	return nil
}

// relocate puts into the contents what the dynamic loader put into memory.
func (p *Program) relocate(table *elf.Section) {
	const entry, relativeAMD64, relativeARM64 = 24, 8, 1027
	relative := uint64(relativeAMD64)
	if p.file.Machine == elf.EM_AARCH64 {
		relative = relativeARM64
	}
	data, _ := table.Data()
	le := binary.LittleEndian
	var in *elf.Section
	for ; len(data) >= entry; data = data[entry:] {
		if le.Uint64(data[8:]) != relative {
			continue // of a symbol: C code's
		}
		at := le.Uint64(data) + p.bias
		if in == nil || at < in.Addr || at-in.Addr >= in.Size {
			in = p.holding(at)
		}
		if in == nil {
			continue
		}
		if _, ok := p.contents[in]; !ok {
			p.contents[in], _ = in.Data()
		}
		if b := p.contents[in]; at-in.Addr+8 <= uint64(len(b)) {
			le.PutUint64(b[at-in.Addr:], le.Uint64(data[16:])+p.bias)
		}
	}
}

// holding returns the section with contents that an address lies in.
func (p *Program) holding(a uint64) *elf.Section {
	for _, s := range p.file.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 && s.Type != elf.SHT_NOBITS && a >= s.Addr && a-s.Addr < s.Size {
			return s
		}
	}
	return nil
}
