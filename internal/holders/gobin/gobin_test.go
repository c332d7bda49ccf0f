package gobin

import (
	"bytes"
	"debug/elf"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const source = `package main

type thing struct{ a *int; b map[string][]int }

var things = map[string]*thing{}

func main() { println(things) }
`

// compiled is a small program, made with that version of Go for that machine.
func compiled(t *testing.T, version, arch string, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/thing\n\ngo 1.24\n"), 0o600))
	out := filepath.Join(dir, "thing")
	cmd := exec.Command("go", append(append([]string{"build", "-o", out}, args...), ".")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOTOOLCHAIN="+version, "GOFLAGS=", "GOWORK=off")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("%s for %s cannot be built: %s", version, arch, text)
	}
	return out
}

// TestLayouts compares the table of versions.go with what DWARF says: for the patch
// releases that are tried here, and both machines.
func TestLayouts(t *testing.T) {
	for _, tt := range []struct{ version, arch string }{
		{"local", "amd64"}, {"local", "arm64"}, {"go1.25.5", "amd64"}, {"go1.24.11", "amd64"},
	} {
		t.Run(tt.version+" "+tt.arch, func(t *testing.T) {
			if testing.Short() && tt.version+tt.arch != "localamd64" {
				t.Skip("it compiles a runtime")
			}
			p, err := Open(compiled(t, tt.version, tt.arch))
			require.NoError(t, err)
			stripped := &Program{Version: p.Version}
			require.NoError(t, stripped.findLayout())
			assert.Equal(t, p.Layout, stripped.Layout)
		})
	}
}

func TestUnknownVersionsAreDeclinedByName(t *testing.T) {
	for _, version := range []string{"go1.23.4", "go1.27.0", "go1.260", "devel go1.28-abcdef"} {
		p := &Program{Version: version}
		require.ErrorContains(t, p.findLayout(), "the heap of "+version+" is not known", version)
	}
	p := &Program{Version: "go1.26.3 X:nogreenteagc"}
	require.NoError(t, p.findLayout())
}

func TestWhatIsNotReadIsDeclined(t *testing.T) {
	_, err := Open("/bin/sh")
	require.ErrorContains(t, err, "not a Go program")
	_, err = Open("/no/such/file")
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Open(compiled(t, "local", "amd64", "-buildmode=pie"))
	require.ErrorContains(t, err, "where the position-independent executable was loaded is not known")
	_, err = Open(compiled(t, "local", "386"))
	require.ErrorContains(t, err, "executables for")
}

func TestTypesAndNames(t *testing.T) {
	for _, flags := range []string{"", "-s -w"} {
		p, err := Open(compiled(t, "local", "amd64", "-ldflags="+flags))
		require.NoError(t, err)
		if flags != "" {
			assert.Equal(t, "stripped (-s -w)", p.Names())
			_, ok := p.Symbol("main.things")
			assert.False(t, ok)
			continue
		}
		assert.Equal(t, "symbols and types", p.Names())
		at, ok := p.Symbol("main.things")
		require.True(t, ok)
		v := p.GlobalAt(at)
		require.NotNil(t, v)
		typ := p.GlobalType(v)
		require.NotNil(t, typ)
		assert.Equal(t, "map[string]*main.thing", typ.Name)
		assert.Equal(t, ".b", p.SlotAt(p.Named("main.thing"), 8).Label)
		assert.Nil(t, p.GlobalAt(1))
	}
}

// TestNoAddressIsTrusted: what a heap holds may point anywhere.
func TestNoAddressIsTrusted(t *testing.T) {
	p, err := Open(compiled(t, "local", "amd64"))
	require.NoError(t, err)
	for a := p.from - 64; a < p.from+1<<16; a += 3 {
		p.RuntimeType(a)
		p.Function(a)
		p.name(a)
		p.Dynamic(a, func(a uint64) uint64 { return a })
	}
	for _, a := range []uint64{0, 1, 1 << 63, ^uint64(0), ^uint64(7), p.typesTo - 8, p.to - 1} {
		assert.Nil(t, p.bytes(a, 1<<20))
		assert.Nil(t, p.RuntimeType(a))
		p.Constant(a)
		p.Users(a)
	}
}

func TestWhereItWasLoaded(t *testing.T) {
	f := &elf.File{Progs: []*elf.Prog{{ProgHeader: elf.ProgHeader{Type: elf.PT_LOAD, Off: 0, Vaddr: 0x1000}}}}
	for name, tt := range map[string]struct {
		maps string
		want uint64
	}{
		"first mapping":   {"555500001000-555500002000 r--p 00000000 00:1 7   /srv/my shop\n555500002000-555500003000 r-xp 00001000 00:1 7   /srv/my shop\n", 0x555500000000},
		"after others":    {"400000-401000 r--p 00000000 00:1 7   /lib/ld.so\n555500001000-555500002000 r--p 00000000 00:1 7   /srv/my shop\n", 0x555500000000},
		"another file":    {"400000-401000 r--p 00000000 00:1 7   /lib/ld.so\n", 0},
		"another segment": {"400000-401000 r--p 00005000 00:1 7   /srv/my shop\n", 0},
		"no address":      {"zz-401000 r--p 00000000 00:1 7   /srv/my shop\n", 0},
		"nothing":         {"", 0},
	} {
		got, err := biasOf(f, strings.NewReader(tt.maps), "/srv/my shop")
		assert.Equal(t, tt.want, got, name)
		assert.Equal(t, tt.want == 0, err != nil, name)
	}
}

func FuzzBias(f *testing.F) {
	f.Add("555500001000-555500002000 r--p 00000000 00:1 7   /srv/shop\n")
	f.Fuzz(func(_ *testing.T, maps string) {
		_, _ = biasOf(&elf.File{Progs: []*elf.Prog{{ProgHeader: elf.ProgHeader{Type: elf.PT_LOAD}}}}, strings.NewReader(maps), "/srv/shop")
	})
}

// TestDamagedExecutables: what is read is the target's own, and may be anything.
func TestDamagedExecutables(t *testing.T) {
	whole, err := os.ReadFile(compiled(t, "local", "amd64"))
	require.NoError(t, err)
	at := filepath.Join(t.TempDir(), "damaged")
	rng := rand.New(rand.NewPCG(1, 1))
	opened := 0
	for i := range 60 {
		damaged := bytes.Clone(whole)
		for range 1 << (i % 12) {
			where := rng.IntN(len(damaged))
			if i%3 == 0 {
				where = rng.IntN(4096) // the headers
			}
			damaged[where] = byte(rng.Uint32())
		}
		if i%10 == 9 {
			damaged = damaged[:rng.IntN(len(damaged))]
		}
		require.NoError(t, os.WriteFile(at, damaged, 0o600))
		if p := opensOrDeclines(t, at); p != nil {
			opened++
			for a := p.typesFrom; a < p.typesFrom+1<<14; a += 8 {
				p.RuntimeType(a)
			}
			require.NoError(t, p.Close())
		}
	}
	t.Logf("%d of 60 could be opened", opened)
}

// opensOrDeclines is Open; a panic of the libraries that read files fails the test.
func opensOrDeclines(t *testing.T, path string) *Program {
	t.Helper()
	p, err := Open(path)
	if err != nil {
		return nil
	}
	return p
}

func FuzzRuntimeType(f *testing.F) {
	exe, err := os.Executable()
	require.NoError(f, err)
	p, err := Open(exe)
	if err != nil {
		f.Skip(err)
	}
	f.Add(uint64(0), uint64(8))
	f.Add(uint64(1<<12), uint64(64))
	f.Fuzz(func(_ *testing.T, off, word uint64) {
		a := p.typesFrom + off%(p.typesTo-p.typesFrom)
		if typ := p.RuntimeType(a &^ 7); typ != nil {
			p.SlotAt(typ, word%4096&^7)
		}
		p.Dynamic(word, nil)
	})
}
