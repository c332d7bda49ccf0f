package report_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/fixture"
	"github.com/memgate/memgate/internal/golden"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
	"github.com/memgate/memgate/report/compare"
)

// benchstat is the stock tool, of the version whose library this module has.
func benchstat(t *testing.T, dir string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "benchstat")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "golang.org/x/perf/cmd/benchstat").CombinedOutput()
	if err != nil {
		t.Skipf("benchstat cannot be had: %s", out)
	}
	stat := exec.CommandContext(t.Context(), path, args...)
	stat.Dir = dir
	out, err = stat.CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

// TestBenchstatComparesTrials: the lines of trials, as they are saved, are samples of one
// benchmark, and the tool's p is that of Compare.
func TestBenchstatComparesTrials(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles benchstat, and -short is set")
	}
	random := rand.New(rand.NewPCG(5, 6))
	dir := t.TempDir()
	var sides [2][]*report.Record
	for side, of := range []string{"before", "after"} {
		lines := ""
		for n := range 6 {
			r := fixture.Healthy()
			r.Name, r.Trial = of, report.Trial{Of: of, N: n + 1, Place: 2*n + side + 1, Total: 12}
			more := uint64(random.IntN(4*words.Mib) + side*words.Mib)
			for i := range r.Samples {
				r.Samples[i].WorkingSet += more
			}
			r.Load.Latency.P99 += time.Duration(random.IntN(5000)) * time.Microsecond
			r.LiveHeaps[len(r.LiveHeaps)-1].HeapAlloc += uint64(random.IntN(1000) + side*words.Mib)
			sides[side] = append(sides[side], r)
			lines += golden.Written(t, r.Bench)
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, of+".txt"), []byte(lines), 0o600))
	}
	out := benchstat(t, dir, "before.txt", "after.txt")
	for _, d := range compare.Runs(sides[0], sides[1]).Deltas {
		p := regexp.MustCompile(`(?s)│ +` + regexp.QuoteMeta(string(d.Metric)) + `.*?p=(\d\.\d+) n=6`).FindStringSubmatch(out)
		require.NotNil(t, p, "%s in\n%s", d.Metric, out)
		assert.Equal(t, fmt.Sprintf("%.3f", d.P), p[1], d.Metric)
	}
	assert.Regexp(t, `live-B +vs base(?s:.*?)p=0\.002 n=6`, out, "what differs is seen to")
}
