package store

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/golden"
)

func TestFileName(t *testing.T) {
	for test, want := range map[string]string{
		"TestOrders":              "TestOrders",
		"TestOrders/rate=200/p-9": "TestOrders.rate=200.p-9",
		"Test_a.b-c":              "Test_a.b-c",
		"TestX/../../etc/passwd":  "TestX.......etc.passwd",
		"":                        "_",
		".hidden":                 "_.hidden",
		"/x":                      "_.x",
		"-rf":                     "_-rf",
		"NUL":                     "_NUL",
		"com1":                    "_com1",
		"aux/x":                   "_aux.x",
		"comet":                   "comet",
		"com12":                   "com12",
		"lpt":                     "_lpt",
	} {
		assert.Equal(t, want, FileName(test), "%q", test)
		assert.NoError(t, CheckName(FileName(test)+".html"))
	}
	for test, start := range map[string]string{
		"Test日本": "Test__-", "a b": "a_b-", "a\x00b": "a_b-", "..": "_-", "TestX/": "TestX-", `C:\x`: "C__x-",
		strings.Repeat("x", 500): strings.Repeat("x", 100),
	} {
		name := FileName(test)
		assert.True(t, strings.HasPrefix(name, start), "%q became %q", test, name)
		assert.LessOrEqual(t, len(name), longestStem)
		assert.NoError(t, CheckName(name+".01-cool-down.pb.gz"))
	}
	assert.NotEqual(t, FileName("TestÄ"), FileName("TestÖ"))
	assert.NotEqual(t, FileName(strings.Repeat("x", 500)), FileName(strings.Repeat("x", 501)))
}

func FuzzFileName(f *testing.F) {
	for _, s := range []string{"", "TestX/y", "../..", "nul.txt", "COM9", ". .", strings.Repeat("é", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, test string) {
		require.NoError(t, CheckName(FileName(test)+".html"))
		require.Equal(t, FileName(test), filepath.Base(FileName(test)))
	})
}

func TestWriteFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "here")
	require.NoError(t, WriteFile(dir, "TestX.json", []byte("one")))
	require.NoError(t, WriteFile(dir, "TestX.json", []byte("two")))
	got, err := os.ReadFile(filepath.Join(dir, "TestX.json"))
	require.NoError(t, err)
	assert.Equal(t, "two", string(got))
	assert.Equal(t, []string{"TestX.json"}, golden.Names(t, dir))
	if runtime.GOOS != "windows" {
		file, err := os.Stat(filepath.Join(dir, "TestX.json"))
		require.NoError(t, err)
		folder, err := os.Stat(dir)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), file.Mode().Perm())
		assert.Equal(t, os.FileMode(0o700), folder.Mode().Perm())
	}
}

func TestWriteFileRefusesNames(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "dir")
	require.NoError(t, os.Mkdir(dir, 0o700))
	for _, name := range []string{
		"", ".", "..", "../x", "/etc/x", "a/b", `a\b`, ".x", "-x", "x.", "NUL", "con.html", "lpt9.json", "a b", "a\x00", "é", "a:b", strings.Repeat("x", 201),
	} {
		err := WriteFile(dir, name, []byte("data"))
		assert.ErrorContains(t, err, "make names with report.FileName", "%q", name)
	}
	assert.Equal(t, []string{"dir"}, golden.Names(t, base))
	assert.Empty(t, golden.Names(t, dir))
}

func TestWriteFormKeepsTheOldFile(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, WriteFile(dir, "x.html", []byte("old")))
	err := WriteForm(dir, "x.html", func(w io.Writer) error {
		_, err := w.Write(bytes.Repeat([]byte("new"), 1<<20))
		return errors.Join(err, assert.AnError)
	})
	assert.ErrorIs(t, err, assert.AnError)
	assert.Equal(t, []string{"x.html"}, golden.Names(t, dir))
	old, err := os.ReadFile(filepath.Join(dir, "x.html"))
	require.NoError(t, err)
	assert.Equal(t, "old", string(old))
}

func TestWriteFileInFolderThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	assert.ErrorContains(t, WriteFile(file, "x.html", nil), "make its folder")

	if os.Getuid() == 0 {
		t.Skip("root writes to read-only folders")
	}
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o500))
	assert.ErrorIs(t, WriteFile(dir, "x.html", nil), os.ErrPermission)
}
