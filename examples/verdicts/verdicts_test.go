// Package verdicts asks whether the verdict can be trusted: four healthy services that
// look like leaks to a regression on the working set, and four that leak.
package verdicts

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/store"
	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// repeats and seconds of load of each service: VERDICTS=3x60 is what make verdicts asks
// for.
func effort(t *testing.T) (repeats, seconds int) {
	asked := os.Getenv("VERDICTS")
	if asked == "" {
		return 1, 15
	}
	_, err := fmt.Sscanf(asked, "%dx%d", &repeats, &seconds)
	require.NoError(t, err, "VERDICTS is repeats x seconds, such as 3x60")
	return repeats, seconds
}

func TestVerdictsOnLivingServices(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes, and -short is set")
	}
	memtest.SkipWithoutDocker(t)
	repeats, seconds := effort(t)
	for _, tc := range []struct {
		service string
		leaks   bool
	}{
		{"flat", false}, {"cache", false}, {"warm-up", false}, {"headroom", false},
		{"slice", true}, {"map", true}, {"goroutine", true}, {"mmap", true},
	} {
		for i := range repeats {
			t.Run(tc.service+" "+strconv.Itoa(i+1), func(t *testing.T) {
				r, err := memtest.Measure(t.Context(), memtest.Scenario{
					Name: tc.service,
					Target: memtest.Image{
						Go: "./server", Args: []string{tc.service}, Port: 8080, Ready: "/healthz", MemoryLimit: "512MiB",
					},
					Load:   load.Plan{Requests: load.Get("/"), Rate: 300, Duration: time.Duration(seconds) * time.Second},
					Warmup: 3 * time.Second,
				})
				require.NoError(t, err)
				keep(t, r)
				for _, note := range r.Notes {
					require.False(t, note.Fatal, note.Text)
				}
				v := r.Trend.Verdict
				t.Logf("%-10s %-12s %-12s %8.0f B/request %6.2f objects/request  %5.0f requests  %s",
					tc.service, v, r.Trend.Signal, r.Trend.PerRequest.Value, r.Trend.Objects.Value, float64(r.Load.Requests), r.Trend.Reason)
				if tc.leaks {
					assert.NotEqual(t, leak.Steady, v, "it leaks")
				} else {
					assert.NotEqual(t, leak.Leaking, v, "it does not leak: %+v", r.Trend)
				}
			})
		}
	}
}

// keep leaves the record in MEMTEST_DIR, if that is set, for examples/replay.
func keep(t *testing.T, r *report.Record) {
	if dir := os.Getenv("MEMTEST_DIR"); dir != "" {
		require.NoError(t, store.WriteForm(dir, store.FileName(t.Name())+".json", r.JSON))
	}
}
