package memtest_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/report"
)

// causes is a target that uses memory of any kind, as it is asked to: in a container and
// as a process. MEMGATE_TEST_CAUSES is a folder with the program and its Dockerfile, for
// machines without Go.
func causes(t *testing.T) (memtest.Image, memtest.Process) {
	t.Helper()
	image := memtest.Image{Go: "./testdata/causes", Port: 8080, Ready: "/", MemoryLimit: "512MiB"}
	if built := os.Getenv("MEMGATE_TEST_CAUSES"); built != "" {
		image.Go, image.Build = "", built
		return image, memtest.Process{Command: []string{filepath.Join(built, "app")}, Ready: "/"}
	}
	return image, memtest.Process{Command: program(t, image.Go), Ready: "/"}
}

// onceIn is a load of one request in the midst of silence.
func onceIn(path string, silence time.Duration) load.Driver {
	return load.Func(load.Schedule{Duration: silence}, func(_ context.Context, base string, m *load.Meter) error {
		m.Begin(0)
		time.Sleep(silence / 2)
		o := load.Operation{Start: time.Now()}
		res, err := http.Get(base + path)
		if err != nil {
			return err
		}
		o.Code, o.Latency = res.StatusCode, time.Since(o.Start)
		m.Add(o)
		time.Sleep(silence / 2)
		m.End(time.Now())
		return res.Body.Close()
	})
}

func TestSpikeBetweenSamplesIsInItsPhase(t *testing.T) {
	image, process := causes(t)
	targets := map[string]target.Target{"process": process}
	if !testing.Short() && dockerAnswers(t) {
		targets["container"] = image
	}
	for name, target := range targets {
		t.Run(name, func(t *testing.T) {
			const spike = 100 << 20
			r, err := memtest.Measure(t.Context(), memtest.Scenario{
				Target: target, Load: onceIn("/spike?mib=100&ms=50", time.Second),
				Warmup: -1, Settle: time.Second / 4, Every: 10 * time.Second,
			})
			require.NoError(t, err)
			loaded, _ := r.Phase(report.Load)
			if !loaded.PeakFrom.Exact() {
				t.Skipf("no kernel peak here: %s, %s", r.Source.Kind, loaded.PeakFrom)
			}
			before, _ := r.Phase(report.Warmup)
			after, _ := r.Phase(report.Cooldown)
			t.Logf("peak usage %s of %d B over %d B before; then %d B (%s)", loaded.PeakFrom, loaded.PeakUsage, before.PeakUsage, after.PeakUsage, after.PeakFrom)
			assert.InDelta(t, spike, loaded.PeakUsage-before.PeakUsage, 2<<20)
			if after.PeakFrom == report.PeakReset {
				assert.Less(t, after.PeakUsage, before.PeakUsage+spike/2, "it is not in the next phase's")
			}
			_, err = memtest.Budget{Peak: "64MiB"}.Check(r)
			assert.ErrorContains(t, err, "between two samples in the load phase", "a budget sees it")
		})
	}
}

func TestFourCausesOfGrowth(t *testing.T) {
	needDocker(t)
	image, _ := causes(t)
	for path, want := range map[string]string{"/cache": "page cache", "/tmpfs": "tmpfs", "/sockets": "kernel", "/heap": "live heap"} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			r, err := memtest.Measure(t.Context(), memtest.Scenario{
				Target: image, Load: load.Plan{Requests: load.Get(path), Rate: 5, Duration: 12 * time.Second},
				Warmup: time.Second, Settle: -1, MaxDuration: -1, Every: time.Second / 2,
			})
			require.NoError(t, err)
			require.NotEmpty(t, r.Trend.Split, r.Trend.Reason)
			t.Log(r.Trend.Split)
			assert.Equal(t, want, r.Trend.Split[0].Name)
			assert.InDelta(t, 60*256<<10, r.Trend.Split[0].Bytes, 8<<20)
		})
	}
}
