// Package golden compares what tests make with files that are kept beside them.
package golden

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// Update is the -update flag of the test binary.
var Update = flag.Bool("update", false, "write the golden files anew")

// Check compares got with a file in testdata; go test -update writes it.
func Check(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *Update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run go test -update to make it, and read what it made")
	if !bytes.Equal(want, got) {
		at := 0
		for at < min(len(want), len(got)) && want[at] == got[at] {
			at++
		}
		from := max(0, at-80)
		t.Errorf("%s differs at byte %d; if that is meant, run go test -update and look at the result\n want …%q\n got  …%q",
			path, at, want[from:min(len(want), at+80)], got[from:min(len(got), at+80)])
	}
}

// Written returns what a form writes.
func Written(t testing.TB, form func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, form(&b))
	return b.String()
}

// Names lists the names of the files in a folder.
func Names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Walk shows every node of a page to see.
func Walk(n *html.Node, see func(*html.Node)) {
	see(n)
	for c := range n.ChildNodes() {
		Walk(c, see)
	}
}

// Read returns a file of a folder as text.
func Read(t testing.TB, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(data)
}
