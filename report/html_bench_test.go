package report

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/memgate/memgate/profile/heap"
	"github.com/stretchr/testify/require"
)

// longRun is ten minutes at 100 Hz with twenty heap profiles.
func longRun() *Record {
	r := story{hz: 100, loaded: 585 * time.Second, rate: 400, perRequest: 120, base: 64 * mib, limit: 512 * mib}.tell("TestLong")
	var stack []string
	for i := range 32 {
		stack = append(stack, fmt.Sprintf("github.com/example/shop/internal/orders.(*Store).step%d /src/github.com/example/shop/internal/orders/store.go:%d", i, 10+i))
	}
	for i := range 20 {
		at := warmed + time.Duration(i)*30*time.Second
		r.Heaps = append(r.Heaps, Heap{At: at, Phase: Load, File: fmt.Sprintf("TestLong.%02d-load.pb.gz", i+1), Bytes: 40_000})
		r.Growth = append(r.Growth, heap.Site{
			Func: fmt.Sprintf("main.handler%d", i), File: "/src/main.go", Line: 10 * i, Bytes: int64(20-i) * mib, Stack: stack,
		})
	}
	return r
}

const largestPage = 1_500_000 // bytes of the report of ten minutes at 100 Hz

// BenchmarkHTML is the report of a long run: under 300 ms, and under 1.5 MB, which
// TestHTMLOfALongRun holds it to.
func BenchmarkHTML(b *testing.B) {
	r := longRun()
	var page bytes.Buffer
	for b.Loop() {
		page.Reset()
		if err := r.HTML(&page); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(page.Len()), "page-B")
}

func BenchmarkRead(b *testing.B) {
	data := asJSON(b, longRun())
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Read(bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}

func TestHTMLOfALongRun(t *testing.T) {
	page := asHTML(t, longRun())
	require.Less(t, len(page), largestPage)
}
