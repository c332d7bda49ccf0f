package page

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/fixture"
	"github.com/memgate/memgate/report"
)

const largestPage = 1_500_000 // bytes of the report of ten minutes at 100 Hz

// BenchmarkHTML is the report of a long run: under 300 ms, and under 1.5 MB, which
// TestHTMLOfALongRun holds it to.
func BenchmarkHTML(b *testing.B) {
	r := fixture.Long()
	var page bytes.Buffer
	for b.Loop() {
		page.Reset()
		if err := HTML(&page, r); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(page.Len()), "page-B")
}

func BenchmarkRead(b *testing.B) {
	data := fixture.JSON(b, fixture.Long())
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := report.Read(bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}

func TestHTMLOfALongRun(t *testing.T) {
	page := asHTML(t, fixture.Long())
	require.Less(t, len(page), largestPage)
}
