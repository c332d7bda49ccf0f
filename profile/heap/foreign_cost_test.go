package heap

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is allocated for a text stays below what its lines and addresses are reckoned
// at, whichever of the two it has more of, and reading the result again.
func TestForeignTextStaysInBudget(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates as well")
	}
	for name, frames := range map[string]int{"many stacks": 1, "long stacks": 40} {
		for format, header := range map[string]string{"jemalloc": "heap_v2/1\n", "gperftools": "heap profile: 1: 2 [2: 4] @ heapprofile\n"} {
			var text strings.Builder
			text.WriteString(header)
			lines := 60_000 / frames
			for i := range lines {
				if format == "gperftools" {
					text.WriteString("1: 2 [ 1: 2] @")
				} else {
					text.WriteString("@")
				}
				for f := range frames {
					fmt.Fprintf(&text, " %#x", 1+i*frames+f)
				}
				text.WriteString("\n")
				if format == "jemalloc" {
					text.WriteString("t*: 1: 2\n")
				}
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := AsPprof([]byte(text.String()))
			runtime.ReadMemStats(&after)
			require.NoError(t, err)
			addresses := lines * frames
			reckoned := lines*jemallocStackCost + addresses*jemallocAddressCost
			if format == "gperftools" {
				reckoned = lines*textLineCost + addresses*textAddressCost
			}
			used := after.TotalAlloc - before.TotalAlloc
			t.Logf("%s, %s: %d MiB allocated, %d reckoned", format, name, used>>20, reckoned>>20)
			assert.Less(t, used, uint64(reckoned), "%s, %s", format, name)
		}
	}
}
