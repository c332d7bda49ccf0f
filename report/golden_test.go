package report

import (
	"bytes"
	"flag"
	"fmt"

	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file in testdata; go test -update writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
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

var stories = map[string]func() *Record{"leaking": leakingRun, "healthy": healthyRun, "killed": killedRun, "empty": emptyRun, "nothing": func() *Record { return &Record{} }}

func TestTextGolden(t *testing.T) {
	for name, run := range stories {
		t.Run(name, func(t *testing.T) { golden(t, name+".txt", asText(t, run())) })
	}
}

// TestHTMLGolden leaves out the embedded record, which TestHTMLHoldsTheRecord reads,
// and the script, which browser tests run.
func TestHTMLGolden(t *testing.T) {
	for name, run := range stories {
		t.Run(name, func(t *testing.T) {
			page := asHTML(t, run())
			before, after, found := bytes.Cut(page, []byte(embeddedIn))
			require.True(t, found)
			_, after, found = bytes.Cut(after, []byte("</script>"))
			require.True(t, found)
			page = append(bytes.Clone(before), after...)
			page = bytes.ReplaceAll(page, []byte(scriptElement()), []byte("<script></script>"))
			page = policyHash.ReplaceAll(page, []byte("script-src 'sha256'; base-uri"))
			golden(t, name+".html", page)
		})
	}
}

func asText(t testing.TB, r *Record) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, r.Text(&b))
	return b.Bytes()
}

func TestHTMLHoldsTheRecord(t *testing.T) {
	for name, run := range stories {
		t.Run(name, func(t *testing.T) {
			r := run()
			page := asHTML(t, r)
			assert.Equal(t, string(page), string(asHTML(t, r)), "same record, same bytes")
			back, err := Read(bytes.NewReader(page))
			require.NoError(t, err)
			want := recordedOnly(r)
			want.Schema = Schema
			assert.Equal(t, want, back)
			assert.Equal(t, string(asJSON(t, r)), string(asJSON(t, back)))
		})
	}
}

var policyHash = regexp.MustCompile(`script-src .*?; base-uri`)

// forms is all that can be written of one record.
func forms(r *Record) map[string]func(io.Writer) error {
	return map[string]func(io.Writer) error{
		"JSON": r.JSON, "HTML": r.HTML, "text": r.Text, "Markdown": r.Markdown, "annotations": r.Annotations,
		"benchmark": r.Bench, "OpenMetrics": r.OpenMetrics, "CSV": r.CSV,
	}
}

// pointsOf is the points of a path of M and L.
func pointsOf(path string) []point {
	var points []point
	for _, pair := range strings.FieldsFunc(path, func(r rune) bool { return r == 'M' || r == 'L' || r == 'Z' }) {
		var p point
		if _, err := fmt.Sscan(pair, &p.X, &p.Y); err == nil {
			points = append(points, p)
		}
	}
	return points
}
