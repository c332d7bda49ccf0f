package memtest_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/report"
)

// TestBaselineOfContainers: five trials are the baseline, and five that collect no
// garbage do not hold it.
func TestBaselineOfContainers(t *testing.T) {
	needDocker(t)
	t.Setenv("MEMTEST_DIR", t.TempDir())
	five := func(name, gogc string) []*report.Record {
		return memtest.Trials(t, 5, memtest.Scenario{
			Name:   name,
			Target: memtest.Image{Go: "../examples/healthy/server", Port: 8080, Ready: "/healthz", MemoryLimit: "128MiB", Env: map[string]string{"GOGC": gogc}},
			Load:   load.Plan{Requests: load.Get("/price"), Rate: 800, Duration: time.Second},
			Warmup: -1,
			Settle: -1,
		})
	}
	first, more := five("first", "100"), five("more", "off")

	inFolder(t)
	recorded(t, first)
	path := onlyBaseline(t)
	text := read(t, path)
	assert.Contains(t, text, "# engine: docker\n# limit: 134217728 (128.0 MiB)\n")
	assert.Equal(t, 5, strings.Count(text, "\nBenchmarkBaselineOfContainers "))
	if benchstat, err := exec.LookPath("benchstat"); err == nil {
		out, err := exec.Command(benchstat, path, path).CombinedOutput()
		require.NoError(t, err, string(out))
		assert.Contains(t, string(out), "peak-B")
	}

	passed, f := judged(first, orders)
	assert.True(t, passed, f.errors)
	passed, f = judged(more, orders)
	require.False(t, passed)
	assert.Contains(t, f.errors[0], "✗ peak working set")
	t.Logf("%s", f.errors[0])
}
