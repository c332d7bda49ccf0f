package symbols

import (
	"bufio"
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const program = `package main

import "os"

//go:noinline
func leak(n int) []byte { return make([]byte, n) }

func main() { os.Stdout.Write(leak(len(os.Args))) }
`

// build compiles program into a folder, and says where its functions are, as go tool nm
// sees them.
func build(t *testing.T, name string, flags ...string) (folder string, at map[string]uint64) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("binaries of Linux are read")
	}
	folder = t.TempDir()
	source := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(source, []byte(program), 0o600))
	run := func(args ...string) ([]byte, error) {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		return cmd.Output()
	}
	binary := filepath.Join(folder, name)
	_, err := run(append(append([]string{"build"}, flags...), "-o", binary, source)...)
	require.NoError(t, err)
	table, _ := run("tool", "nm", binary) // a stripped binary has none
	at = map[string]uint64{}
	lines := bufio.NewScanner(bytes.NewReader(table))
	for lines.Scan() {
		if f := strings.Fields(lines.Text()); len(f) == 3 && strings.EqualFold(f[1], "T") {
			at[f[2]], _ = strconv.ParseUint(f[0], 16, 64)
		}
	}
	return folder, at
}

// offset is where in the file an address is.
func offset(t *testing.T, binary string, address uint64) uint64 {
	t.Helper()
	f, err := elf.Open(binary)
	require.NoError(t, err)
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && address >= p.Vaddr && address < p.Vaddr+p.Filesz {
			return address - p.Vaddr + p.Off
		}
	}
	require.Fail(t, "no segment has it")
	return 0
}

func TestPlacesAreNamed(t *testing.T) {
	for name, flags := range map[string][]string{"plain": nil, "position independent": {"-buildmode=pie"}} {
		t.Run(name, func(t *testing.T) {
			folder, at := build(t, "app", flags...)
			b, err := below(folder)
			require.NoError(t, err)
			defer b.Close()
			for _, fn := range []string{"main.leak", "main.main", "runtime.mallocgc"} {
				assert.Equal(t, fn, b.Name("/app", offset(t, filepath.Join(folder, "app"), at[fn]+4)), "as a mapping names the file")
			}
			assert.Empty(t, b.Name("/app", 1<<40))
			assert.Empty(t, b.Name("/other", 4))
			assert.Empty(t, b.Name("/../../../../etc/passwd", 4))
		})
	}
}

func TestPlacesOfAStrippedBinaryHaveNoNames(t *testing.T) {
	folder, _ := build(t, "app", "-ldflags=-s -w")
	b, err := below(folder)
	require.NoError(t, err)
	defer b.Close()
	assert.Empty(t, b.Name("/app", 4096))
}

// What lies outside the folder is not read, and what is no file neither.
func TestOnlyFilesOfTheTargetAreRead(t *testing.T) {
	outside, at := build(t, "app")
	folder := t.TempDir()
	require.NoError(t, os.Symlink(filepath.Join(outside, "app"), filepath.Join(folder, "app")))
	require.NoError(t, os.Mkdir(filepath.Join(folder, "dir"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "text"), []byte("\x7fELF, but no more"), 0o600))
	b, err := below(folder)
	require.NoError(t, err)
	defer b.Close()
	for _, file := range []string{"/app", "/dir", "/text", "", "[heap]"} {
		assert.Empty(t, b.Name(file, offset(t, filepath.Join(outside, "app"), at["main.main"])), file)
	}
}

func TestNamesAreAsTheyWereWritten(t *testing.T) {
	for mangled, want := range map[string]string{
		"_ZN4shop5Store3putERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE": "shop::Store::put",
		"_ZN4shop5store3put17h0123456789abcdefE":                                    "shop::store::put",
		"main.(*store).put":                                                         "main.(*store).put",
		"handle_order":                                                              "handle_order",
	} {
		assert.Equal(t, want, readable(mangled))
	}
}

func FuzzSymbols(f *testing.F) {
	f.Add([]byte("\x7fELF"), uint64(4096))
	f.Fuzz(func(_ *testing.T, binary []byte, at uint64) {
		if table, err := read(bytes.NewReader(binary)); err == nil {
			table.name(at)
		}
	})
}
