package index

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/memgate/memgate/internal/fixture"
	"github.com/memgate/memgate/internal/golden"
	"github.com/memgate/memgate/internal/store"
	"github.com/memgate/memgate/internal/text"
	"github.com/memgate/memgate/report"
)

func TestIndexGolden(t *testing.T) {
	dir := t.TempDir()
	_, err := Claim(dir, "TestStuck", report.Test{Name: "TestStuck", Package: "example.org/shop/orders"})
	require.NoError(t, err)
	for _, name := range []string{"killed", "healthy", "leaking", "empty"} {
		require.NoError(t, Add(fixture.Stories[name](), dir, name))
	}
	other := fixture.Healthy()
	other.Test.Package = "example.org/shop/catalog"
	require.NoError(t, Add(other, dir, "other"))
	golden.Check(t, "index.html", []byte(golden.Read(t, dir, IndexFile)))
}

// TestIndexOfManyAtOnce adds from several goroutines, and from several processes,
// which are this test again.
func TestIndexOfManyAtOnce(t *testing.T) {
	dir, mine := os.Getenv("INDEX_DIR"), os.Getenv("INDEX_NAME")
	alone := dir == ""
	if alone {
		dir, mine = t.TempDir(), "a"
	}
	var all sync.WaitGroup
	if alone {
		for _, name := range []string{"b", "c"} {
			all.Go(func() {
				again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestIndexOfManyAtOnce$")
				again.Env = append(os.Environ(), "INDEX_DIR="+dir, "INDEX_NAME="+name)
				out, err := again.CombinedOutput()
				assert.NoError(t, err, string(out))
			})
		}
	}
	for i := range 8 {
		all.Go(func() {
			r := fixture.Empty()
			r.Test = report.Test{Name: fmt.Sprintf("Test%s%d", mine, i), Package: "example.org/" + mine}
			assert.NoError(t, Add(r, dir, r.Test.Name))
		})
	}
	all.Wait()
	if !alone {
		return
	}
	shown := golden.Read(t, dir, IndexFile)
	for _, who := range []string{"a", "b", "c"} {
		for i := range 8 {
			assert.Contains(t, shown, fmt.Sprintf(`href="Test%s%d.html"`, who, i))
		}
	}
	for _, name := range golden.Names(t, dir) {
		assert.False(t, strings.HasSuffix(name, ".tmp"), name)
	}
}

// TestIndexIsNotOverwrittenByAnOlderOne: another process adds a run, and writes the
// index, between the first look of this one and its writing.
func TestIndexIsNotOverwrittenByAnOlderOne(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, Add(fixture.Empty(), dir, "first"))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	looks := 0
	require.NoError(t, writeIndex(root, func(root *os.Root) ([]Card, error) {
		cards, err := cardsIn(root)
		if looks++; looks == 1 {
			require.NoError(t, Add(fixture.Healthy(), dir, "meanwhile"))
		}
		return cards, err
	}))
	assert.Contains(t, golden.Read(t, dir, IndexFile), `href="meanwhile.html"`)
	assert.Equal(t, 3, looks, "the last one finds nothing new")
}

func TestClaim(t *testing.T) {
	dir := t.TempDir()
	claim := func(pkg string) string {
		name, err := Claim(dir, "TestX", report.Test{Name: "TestX", Package: pkg})
		require.NoError(t, err)
		return name
	}
	assert.Equal(t, "TestX", claim("a"))
	assert.Equal(t, "TestX", claim("a"), "a test that runs again writes over its own")
	assert.Equal(t, "TestX.2", claim("b"), "that of another package does not")
	assert.Equal(t, "TestX.3", claim("c"))
	assert.Equal(t, "TestX.2", claim("b"))

	_, err := Claim(dir, "../x", report.Test{})
	assert.ErrorContains(t, err, "make names with report.FileName")
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "TestY"+cardSuffix)))
	_, err = Claim(dir, "TestY", report.Test{})
	assert.ErrorContains(t, err, "is no card")
}

func TestIndexOfHostileCards(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, Add(fixture.Hostile(), dir, "hostile"))
	for name, data := range map[string]string{
		"a": "not JSON", "b": `{"name":7}`, "f": `{"name":"f","outcome":"<b>"}`, "c": strings.Repeat(" ", largestCard+1),
		"d": `{"name":"` + `<script>alert(1)</script>\u202e","outcome":"failed","package":"<b>","spark":[` + strings.Repeat("18446744073709551615,", 900) + `1]}`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+cardSuffix), []byte(data), 0o600))
	}
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "e"+cardSuffix)))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "javascript:x"+cardSuffix), []byte(`{}`), 0o600))
	require.NoError(t, Add(fixture.Empty(), dir, "last"))
	shown := golden.Read(t, dir, IndexFile)
	root, err := html.Parse(bytes.NewReader([]byte(shown)))
	require.NoError(t, err)
	golden.Walk(root, func(n *html.Node) {
		assert.NotContains(t, []string{"script", "img"}, n.Data)
		for _, a := range n.Attr {
			assert.False(t, strings.HasPrefix(a.Key, "on"), a.Key)
			if a.Key == "href" {
				assert.NoError(t, store.CheckName(a.Val))
			}
		}
	})
	assert.False(t, strings.ContainsFunc(shown, text.Invisible))
	assert.Contains(t, shown, `href="hostile.html"`)
	assert.Contains(t, shown, `href="d.html"`)
	assert.NotContains(t, shown, "a.html", "what is no card is left out")
	assert.NotContains(t, shown, "f.html")
}

func TestIndexHoldsNoSecret(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, Add(fixture.Spilled("cAnArY4711"), dir, "spilled"))
	assert.NotContains(t, golden.Read(t, dir, IndexFile), "cAnArY4711")
	data, err := os.ReadFile(filepath.Join(dir, "spilled"+cardSuffix))
	require.NoError(t, err)
	assert.NotContains(t, string(data), "cAnArY4711")
}
