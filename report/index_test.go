package report

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
)

func indexOf(t testing.TB, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, IndexFile))
	require.NoError(t, err)
	return string(data)
}

func TestIndexGolden(t *testing.T) {
	dir := t.TempDir()
	_, err := Claim(dir, "TestStuck", Test{Name: "TestStuck", Package: "example.org/shop/orders"})
	require.NoError(t, err)
	for _, name := range []string{"killed", "healthy", "leaking", "empty"} {
		require.NoError(t, stories[name]().AddToIndex(dir, name))
	}
	other := healthyRun()
	other.Test.Package = "example.org/shop/catalog"
	require.NoError(t, other.AddToIndex(dir, "other"))
	golden(t, "index.html", []byte(indexOf(t, dir)))
}

func TestIndexOfComparisons(t *testing.T) {
	trial := func(of string, checks ...Check) *Record {
		r := healthyRun()
		r.Trial, r.Checks = Trial{Of: of, N: 1, Place: 1, Total: 2}, checks
		return r
	}
	for name, tc := range map[string]struct {
		checks []Check
		want   string
	}{
		"not judged":  {nil, "✓ not judged</span><br>Too few runs to tell"},
		"not worse":   {[]Check{{Rule: NotWorse + "peak working set", OK: true}}, "✓ passed</span><br>No figure got worse"},
		"cannot tell": {[]Check{{Rule: NotWorse + "peak working set", Got: CannotTell + "too few"}}, "✗ inconclusive</span><br>Cannot tell: too few"},
		"worse":       {[]Check{{Rule: NotWorse + "peak working set", Got: "more"}}, "✗ failed</span><br>Peak working set went from"},
	} {
		dir := t.TempDir()
		require.NoError(t, Compare([]*Record{trial("before")}, []*Record{trial("after", tc.checks...)}).AddToIndex(dir, "page"), name)
		assert.Contains(t, indexOf(t, dir), tc.want, name)
	}
	dir := t.TempDir()
	require.NoError(t, Rank([]*Record{trial("a")}, []*Record{trial("b")}).AddToIndex(dir, "page"))
	assert.Contains(t, indexOf(t, dir), "✓ not judged</span><br>")
	assert.Contains(t, indexOf(t, dir), "has the lowest peak working set")
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
			r := emptyRun()
			r.Test = Test{Name: fmt.Sprintf("Test%s%d", mine, i), Package: "example.org/" + mine}
			assert.NoError(t, r.AddToIndex(dir, r.Test.Name))
		})
	}
	all.Wait()
	if !alone {
		return
	}
	page := indexOf(t, dir)
	for _, who := range []string{"a", "b", "c"} {
		for i := range 8 {
			assert.Contains(t, page, fmt.Sprintf(`href="Test%s%d.html"`, who, i))
		}
	}
	for _, name := range namesIn(t, dir) {
		assert.False(t, strings.HasSuffix(name, ".tmp"), name)
	}
}

// TestIndexIsNotOverwrittenByAnOlderOne: another process adds a run, and writes the
// index, between the first look of this one and its writing.
func TestIndexIsNotOverwrittenByAnOlderOne(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, emptyRun().AddToIndex(dir, "first"))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	looks := 0
	require.NoError(t, writeIndex(root, func(root *os.Root) ([]card, error) {
		cards, err := cardsIn(root)
		if looks++; looks == 1 {
			require.NoError(t, healthyRun().AddToIndex(dir, "meanwhile"))
		}
		return cards, err
	}))
	assert.Contains(t, indexOf(t, dir), `href="meanwhile.html"`)
	assert.Equal(t, 3, looks, "the last one finds nothing new")
}

func TestClaim(t *testing.T) {
	dir := t.TempDir()
	claim := func(pkg string) string {
		name, err := Claim(dir, "TestX", Test{Name: "TestX", Package: pkg})
		require.NoError(t, err)
		return name
	}
	assert.Equal(t, "TestX", claim("a"))
	assert.Equal(t, "TestX", claim("a"), "a test that runs again writes over its own")
	assert.Equal(t, "TestX.2", claim("b"), "that of another package does not")
	assert.Equal(t, "TestX.3", claim("c"))
	assert.Equal(t, "TestX.2", claim("b"))

	_, err := Claim(dir, "../x", Test{})
	assert.ErrorContains(t, err, "make names with report.FileName")
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "TestY"+cardSuffix)))
	_, err = Claim(dir, "TestY", Test{})
	assert.ErrorContains(t, err, "is no card")
}

func TestIndexOfHostileCards(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, hostileRun().AddToIndex(dir, "hostile"))
	for name, data := range map[string]string{
		"a": "not JSON", "b": `{"name":7}`, "c": strings.Repeat(" ", largestCard+1),
		"d": `{"name":"` + `<script>alert(1)</script>\u202e","outcome":"<b>","package":"p","spark":[` + strings.Repeat("18446744073709551615,", 900) + `1]}`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+cardSuffix), []byte(data), 0o600))
	}
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "e"+cardSuffix)))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "javascript:x"+cardSuffix), []byte(`{}`), 0o600))
	require.NoError(t, emptyRun().AddToIndex(dir, "last"))
	page := indexOf(t, dir)
	root, err := html.Parse(bytes.NewReader([]byte(page)))
	require.NoError(t, err)
	walk(root, func(n *html.Node) {
		assert.NotContains(t, []string{"script", "img"}, n.Data)
		for _, a := range n.Attr {
			assert.False(t, strings.HasPrefix(a.Key, "on"), a.Key)
			if a.Key == "href" {
				assert.NoError(t, checkName(a.Val))
			}
		}
	})
	assert.False(t, strings.ContainsFunc(page, invisible))
	assert.Contains(t, page, `href="hostile.html"`)
	assert.Contains(t, page, `href="d.html"`)
	assert.NotContains(t, page, "a.html", "what is no card is left out")
}

func TestIndexHoldsNoSecret(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, spilled("cAnArY4711").AddToIndex(dir, "spilled"))
	assert.NotContains(t, indexOf(t, dir), "cAnArY4711")
	data, err := os.ReadFile(filepath.Join(dir, "spilled"+cardSuffix))
	require.NoError(t, err)
	assert.NotContains(t, string(data), "cAnArY4711")
}
