//go:build unix

package holders_test

import (
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/memgate/memgate/internal/holders"
)

// BenchmarkSnapshot is what a snapshot costs the target (stop-ms: median and worst of
// five) and the test (analysis, and memory at its peak), for heaps of small objects and
// of buffers. A heap above the limit is declined, which costs what declined-ms says.
func BenchmarkSnapshot(b *testing.B) {
	for _, h := range []struct{ name, fill string }{
		{"10MB/objects", "nodes=156250"},
		{"100MB/objects", "nodes=1562500"},
		{"500MB/objects", "nodes=7812500"},
		{"10MB/buffers", "buffers=1220"},
		{"100MB/buffers", "buffers=12207"},
		{"500MB/buffers", "buffers=61035"},
	} {
		b.Run(h.name, func(b *testing.B) { benchmarkSnapshot(b, h.fill) })
	}
}

func benchmarkSnapshot(b *testing.B, fill string) {
	tg := startB(b, fill)
	r, err := holders.Open(tg, holders.Limits{})
	if err != nil {
		b.Skip(err)
	}
	defer r.Close()
	var stops, analyses []time.Duration
	var peak, read float64
	for range 5 * b.N {
		debug.FreeOSMemory()
		base := resident("VmRSS")
		_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // the peak begins anew
		began := time.Now()
		p, err := r.Snapshot()
		if err != nil {
			b.Log(err)
			b.ReportMetric(ms(time.Since(began)), "declined-ms")
			return
		}
		peak = max(peak, resident("VmHWM")-base)
		stops, analyses, read = append(stops, p.Stopped), append(analyses, p.Analysis), float64(p.Read)/1e6
	}
	slices.Sort(stops)
	slices.Sort(analyses)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ms(stops[len(stops)/2]), "stop-ms")
	b.ReportMetric(ms(stops[len(stops)-1]), "worst-stop-ms")
	b.ReportMetric(ms(analyses[len(analyses)/2]), "analysis-ms")
	b.ReportMetric(peak/1e6, "peak-MB")
	b.ReportMetric(read, "read-MB")
}

func ms(d time.Duration) float64 { return 1e3 * d.Seconds() }

// resident is a figure of /proc/self/status in bytes.
func resident(name string) float64 {
	text, _ := os.ReadFile("/proc/self/status")
	m := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(text)
	if m == nil {
		return 0
	}
	kb, _ := strconv.ParseFloat(string(m[1]), 64)
	return kb * 1024
}

// startB starts the program with such a heap.
func startB(b *testing.B, fill string) (pid int) {
	b.Helper()
	tg := start(b, executable(b, build{}), "healthy", false)
	if err := tg.get("/fill?" + fill); err != nil {
		b.Fatal(err)
	}
	runtime.GC()
	b.Logf("target %d has %s", tg.pid, fill)
	return tg.pid
}
