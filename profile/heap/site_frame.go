package heap

import (
	"math"
	"path"
	"slices"
	"strings"

	pprof "github.com/google/pprof/profile"
)

// origin says whose code a function is.
type origin int8

const (
	standard   origin = iota // the standard library, the runtime, C
	dependency               // a module that was downloaded or vendored
	own                      // the user's own module
)

// naming tells whose code functions are by their names and files alone, since a
// profile has nothing else:
//
//   - Standard library: the first element of its package path is a top-level folder
//     of Go's source. (A dot in the first element would not do: modules need none,
//     and then a user's "shop/store" would be taken for the standard library's.)
//   - Dependency: its file is in a "module@version", which both the module cache and
//     -trimpath write, or in a vendor folder.
//   - The user's own: everything else, package main in any case, and with it the
//     modules that a go.mod replaces by a folder. Where package main itself comes
//     from a "module@version", all of that module.
//
// In a profile of another language (no file of it is Go's) what is not an allocator's or
// its standard library's is the user's own.
type naming struct {
	main    string // the "…/module@version/" of package main, or ""
	foreign bool   // it is not a Go program's
}

func newNaming(functions []*pprof.Function) naming {
	if len(functions) > 0 && !slices.ContainsFunc(functions, isGo) {
		return naming{foreign: true}
	}
	for _, f := range functions {
		if packageOf(f.Name) == "main" {
			return naming{main: versioned(f.Filename)}
		}
	}
	return naming{}
}

func isGo(f *pprof.Function) bool {
	return strings.HasSuffix(f.Filename, ".go") || strings.HasPrefix(f.Name, "runtime.") || strings.HasPrefix(f.Name, "main.")
}

// foreignStandard are the beginnings of names in C, C++ and Rust, and of the files of
// libraries, that are not the user's own.
var foreignStandard = []string{
	"malloc", "calloc", "realloc", "free", "memalign", "posix_memalign", "aligned_alloc", "operator new", "_Znw", "_Zna", "je_", "_rjem_", "mallocx", "rallocx",
	"prof_", "tc_", "tcmalloc", "TCMalloc", "do_malloc", "MallocHook", "std::", "core::", "alloc::", "hashbrown::", "<std::", "<core::", "<alloc::", "<hashbrown::",
	"_ZNSt", "_ZSt", "__", "_start", "start_thread", "clone", "0x",
	"libc.so", "libc-", "libm.so", "libstdc++", "libgcc", "libjemalloc", "libtcmalloc", "libpthread", "libunwind", "ld-linux", "ld-", "libnode.so", "[vdso]",
}

func (n naming) origin(f *pprof.Function) origin {
	if n.foreign {
		library := path.Base(f.Filename)
		if f.Name == "" || slices.ContainsFunc(foreignStandard, func(s string) bool { return strings.HasPrefix(f.Name, s) || strings.HasPrefix(library, s) }) {
			return standard
		}
		return own
	}
	pkg := packageOf(f.Name)
	first, _, _ := strings.Cut(pkg, "/")
	module := versioned(f.Filename)
	switch {
	case pkg == "main":
		return own
	case pkg == "" || standardFolders[first]:
		return standard
	case module != "" && module == n.main:
		return own
	case module != "" || strings.Contains(f.Filename, "/vendor/"):
		return dependency
	}
	return own
}

// versioned returns file up to the end of its "module@v1.2.3/", "" if it is not in one.
func versioned(file string) string {
	at := strings.LastIndex(file, "@v")
	if at < 0 || at+2 == len(file) || file[at+2] < '0' || file[at+2] > '9' {
		return ""
	}
	end := strings.IndexByte(file[at:], '/')
	return file[:at+end+1]
}

// packageOf returns the import path in a function's name, "" if it has none, as C has not:
// "net/http" of "net/http.(*conn).serve", "a.b/c" of "a.b/c.Map[a.b/d.Key].Set".
func packageOf(name string) string {
	name, _, _ = strings.Cut(name, "[")
	slash := strings.LastIndexByte(name, '/') + 1
	dot := strings.IndexByte(name[slash:], '.')
	if dot < 0 {
		return ""
	}
	return name[:slash+dot]
}

// standardFolders are the top-level folders of Go's source. "type:" is where the
// compiler puts what it generates for types.
var standardFolders = set(`archive arena bufio builtin bytes cmp compress container context crypto database debug
	embed encoding errors expvar flag fmt go hash html image index internal io iter log maps math mime net os path
	plugin reflect regexp runtime simd slices sort strconv strings structs sync syscall testing text time unicode
	unique unsafe vendor weak type:`)

func set(words string) map[string]bool {
	s := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		s[w] = true
	}
	return s
}

// place is a line of a function. It is the key of all sums, so it is kept small: at is the
// line or, where file has no symbols, its negative is the offset in it.
type place struct {
	fn, file string
	at       int
}

// line returns the line of the source; 0 if it is not known.
func (p place) line() int { return max(p.at, 0) }

// offset returns the offset in file, where that has no symbols; else 0.
func (p place) offset() uint64 { return uint64(max(-p.at, 0)) }

// placeOf returns where l is, a line of loc. Names are cut at 1,000 bytes: places outlive
// their profile.
func placeOf(loc *pprof.Location, l pprof.Line) place {
	p := place{fn: clip(l.Function.Name), file: clip(l.Function.Filename), at: int(l.Line)}
	if m := loc.Mapping; m != nil && l.Function.SystemName == "" {
		if offset := loc.Address - m.Start + m.Offset; l.Function.Name == placeName(m.File, offset) { // others leave SystemName out as well
			p.at = -int(offset & math.MaxInt)
		}
	}
	return p
}

func clip(s string) string {
	const most = 1000
	if len(s) <= most {
		return s
	}
	return strings.Clone(s[:most])
}

// forOthers are packages of the standard library whose functions allocate what their
// callers keep: that a bufio.Reader leaks says less than whose it is. Those of C that are
// the allocator are of the same kind.
var forOthers = set(`runtime bufio bytes strings strconv fmt io sync slices maps sort math/big container/list
	container/heap container/ring encoding/json encoding/binary reflect errors unique internal/sync internal/runtime/maps
	compress/flate compress/gzip`)

func allocatesForOthers(fn string) bool {
	pkg := packageOf(fn)
	return pkg == "" || forOthers[pkg]
}

// frames finds the frame of a stack that growth is booked to.
type frames struct {
	origins []origin // by function id
	first   [][3]int // by location id: the first line of the user's own code in it, of a dependency's, and of the standard library's that does not allocate for others; from 1, 0 if none
}

// newFrames numbers p's functions and locations anew, from 1 without gaps.
func newFrames(p *pprof.Profile) frames {
	f := frames{make([]origin, len(p.Function)+1), make([][3]int, len(p.Location)+1)}
	names := newNaming(p.Function)
	whose := make([]bool, len(p.Function)+1) // the standard library's that does not only allocate, by function id
	for i, fn := range p.Function {
		fn.ID = uint64(i + 1)
		f.origins[fn.ID] = names.origin(fn)
		whose[fn.ID] = f.origins[fn.ID] == standard && !allocatesForOthers(fn.Name)
	}
	for i, loc := range p.Location {
		loc.ID = uint64(i + 1)
		first := &f.first[loc.ID]
		for n, l := range loc.Line {
			switch origin := f.origins[l.Function.ID]; {
			case origin == own && first[0] == 0:
				first[0] = n + 1
			case origin == dependency && first[1] == 0:
				first[1] = n + 1
			case first[2] == 0 && whose[l.Function.ID]:
				first[2] = n + 1
			}
		}
	}
	return f
}

// site returns the line of a stack that growth is booked to: the first of the user's own
// code from the allocation outwards; where there is none, the first of a dependency's;
// where there is none either, the first of the standard library's that does not only
// allocate for its caller, or else the one that allocated. A stack without names, of a binary
// without symbols, has the one nameless.
func (f frames) site(stack []*pprof.Location) (where place, whose origin) {
	var at *pprof.Location
	var line int
	for _, loc := range stack {
		switch first := f.first[loc.ID]; {
		case first[0] > 0:
			return placeOf(loc, loc.Line[first[0]-1]), own
		case first[1] > 0 && (at == nil || whose == standard):
			at, line, whose = loc, first[1]-1, dependency
		case first[2] > 0 && at == nil:
			at, line, whose = loc, first[2]-1, standard
		}
	}
	if at != nil {
		return placeOf(at, at.Line[line]), whose
	}
	for _, loc := range stack {
		if len(loc.Line) > 0 {
			return placeOf(loc, loc.Line[0]), standard
		}
	}
	return nameless, standard
}
