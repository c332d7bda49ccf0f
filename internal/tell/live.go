package tell

import (
	"strings"

	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
)

// liveShown is how many live heaps a line of text names.
const liveShown = 4

// LiveHeap returns the live heap after forced collections over the measured load, at
// most four of it: "41.3 → 55.6 → 70.1 → 84.2 MiB after GC (each higher)". It is empty
// where fewer than two were read.
func LiveHeap(r *report.Record) string {
	heaps := r.LiveHeapsDuring(report.Load)
	if len(heaps) < 2 {
		heaps = r.LiveHeaps
	}
	if len(heaps) < 2 {
		return ""
	}
	n := min(liveShown, len(heaps))
	shown := make([]uint64, n)
	rising := true
	for i := range n {
		at := i * (len(heaps) - 1) / (n - 1)
		shown[i] = heaps[at].Live()
		rising = rising && (i == 0 || shown[i] > shown[i-1])
	}
	words, unit := words.Sizes(shown...)
	line := strings.Join(words, " → ") + " " + unit + " after GC"
	if rising {
		line += " (each higher)"
	}
	return line
}
