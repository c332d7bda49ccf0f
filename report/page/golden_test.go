package page

import (
	"bytes"

	"io"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/embedded"
	"github.com/memgate/memgate/internal/fixture"
	"github.com/memgate/memgate/internal/golden"
	"github.com/memgate/memgate/report"
)

func TestTextGolden(t *testing.T) {
	for name, run := range fixture.Stories {
		t.Run(name, func(t *testing.T) { golden.Check(t, name+".txt", asText(t, run())) })
	}
}

// TestHTMLGolden leaves out the embedded record, which TestHTMLHoldsTheRecord reads,
// and the script, which browser tests run.
func TestHTMLGolden(t *testing.T) {
	for name, run := range fixture.Stories {
		t.Run(name, func(t *testing.T) {
			page := asHTML(t, run())
			before, after, found := bytes.Cut(page, []byte(embedded.Marker))
			require.True(t, found)
			_, after, found = bytes.Cut(after, []byte("</script>"))
			require.True(t, found)
			page = append(bytes.Clone(before), after...)
			page = bytes.ReplaceAll(page, []byte(scriptElement()), []byte("<script></script>"))
			page = policyHash.ReplaceAll(page, []byte("script-src 'sha256'; base-uri"))
			golden.Check(t, name+".html", page)
		})
	}
}

func asText(t testing.TB, r *report.Record) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, Text(&b, r))
	return b.Bytes()
}

func TestHTMLHoldsTheRecord(t *testing.T) {
	for name, run := range fixture.Stories {
		t.Run(name, func(t *testing.T) {
			r := run()
			page := asHTML(t, r)
			assert.Equal(t, string(page), string(asHTML(t, r)), "same record, same bytes")
			back, err := report.Read(bytes.NewReader(page))
			require.NoError(t, err)
			want := fixture.Recorded(r)
			want.Schema = report.Schema
			assert.Equal(t, want, back)
			assert.Equal(t, string(fixture.JSON(t, r)), string(fixture.JSON(t, back)))
		})
	}
}

var policyHash = regexp.MustCompile(`script-src .*?; base-uri`)

// forms is all that can be written of one record.
func forms(r *report.Record) map[string]func(io.Writer) error {
	return map[string]func(io.Writer) error{
		"JSON": r.JSON, "HTML": func(w io.Writer) error { return HTML(w, r) }, "text": func(w io.Writer) error { return Text(w, r) }, "Markdown": func(w io.Writer) error { return Markdown(w, r) }, "annotations": func(w io.Writer) error { return Annotations(w, r) },
		"benchmark": r.Bench, "OpenMetrics": r.OpenMetrics, "CSV": r.CSV,
	}
}
