package verdicts

import (
	"cmp"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/profile/leak"
)

// TestHoldersDecide asks services whose curves alone say little: small leaks, and healthy
// ones that are mean. Each is judged twice, without and with what is reachable in its
// heap and who holds it, with its own profiles and as if it had none.
func TestHoldersDecide(t *testing.T) {
	if os.Getenv("HELD") == "" {
		t.Skip("takes three quarters of an hour: make verdicts-held")
	}
	healthy := []string{
		"flat", "cache", "warm-up", "headroom", "late-full", "users", "sweep-20s", "sweep-60s", "sessions", "clients", "ring", "pooled", "in-flight",
	}
	leaking := []string{
		"slow", "quarter", "set", "numbers", "contexts", "with-fill", "slice", "map", "goroutine", "mmap",
	}
	for _, weight := range []string{"0", "1024"} {
		for _, pprof := range []string{"", "/none"} {
			for _, service := range healthy {
				asked(t, service, weight, pprof, false)
			}
			for _, service := range leaking {
				asked(t, service, weight, pprof, true)
			}
		}
	}
}

func asked(t *testing.T, service, weight, pprof string, leaks bool) {
	t.Run(service+" "+weight+strings.ReplaceAll(pprof, "/none", " without pprof"), func(t *testing.T) {
		t.Parallel()
		r, err := memtest.Measure(t.Context(), small(service, weight, pprof))
		require.NoError(t, err)
		keep(t, r)
		alone := r.Evidence()
		alone.Reachable, alone.Retainers = nil, nil
		before, v := leak.Detect(alone), r.Trend
		t.Logf("| %v | %s | %s B | %s | %s (%s) | %s (%s) | %s |", leaks, service, weight, cmp.Or(pprof, "pprof"), before.Verdict, before.Signal, v.Verdict, v.Signal, v.Reason)
		assert.Equal(t, v.Verdict, leak.Detect(r.Evidence()).Verdict, "the record says as much")
		switch {
		case before.Verdict != leak.Inconclusive:
			assert.Equal(t, before.Verdict, v.Verdict, "what the curves decide stays")
		case leaks:
			assert.NotEqual(t, leak.Steady, v.Verdict, "it leaks")
		default:
			assert.NotEqual(t, leak.Leaking, v.Verdict, "it does not leak")
		}
	})
}

// small is a run of up to 90 s at 200 requests per second.
func small(service, weight, pprof string) memtest.Scenario {
	return memtest.Scenario{
		Name:   service,
		Target: memtest.Process{Go: "./server", Args: []string{service, weight}, Ready: "/healthz", Pprof: pprof},
		Load:   load.Plan{Requests: load.Get("/"), Rate: 200, Duration: 30 * time.Second},
		Warmup: 3 * time.Second,
	}
}
