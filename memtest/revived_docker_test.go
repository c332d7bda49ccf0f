package memtest_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/testcontainers/testcontainers-go"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// A restart policy that revives the target in the midst of the load: the engine publishes
// another port then, so that the rest of the load reaches nobody. The run goes on to
// sample the new life, says what happened, and nothing judges it.
func TestRunAcrossARestart(t *testing.T) {
	engine := needDocker(t)
	plan := load.Plan{Requests: load.Get("/"), Rate: 50, Duration: 5 * time.Second}
	var ports []string
	published := func() {
		for _, id := range left(t, engine, "memgate.test", t.Name()) {
			c, err := engine.ContainerInspect(context.Background(), id, client.ContainerInspectOptions{})
			require.NoError(t, err)
			for port, at := range c.Container.NetworkSettings.Ports {
				if port.Num() == 8080 && len(at) > 0 {
					ports = append(ports, at[0].HostPort)
				}
			}
		}
	}
	r, err := memtest.Measure(t.Context(), memtest.Scenario{
		Name: "reborn",
		Target: memtest.Image{
			Go: "../internal/container/testdata/server", Port: 8080, Pprof: ":6060", Ready: "/",
			Options: []testcontainers.ContainerCustomizer{
				testcontainers.WithLabels(map[string]string{"memgate.test": t.Name()}),
				testcontainers.WithHostConfigModifier(func(h *container.HostConfig) {
					h.RestartPolicy = container.RestartPolicy{Name: container.RestartPolicyOnFailure, MaximumRetryCount: 1}
				}),
			},
		},
		Load: load.Func(load.Schedule{}, func(ctx context.Context, base string, m *load.Meter) error {
			published()
			time.AfterFunc(2*time.Second, func() {
				if res, err := http.Get(base + "/exit?code=4"); err == nil {
					_ = res.Body.Close()
				}
			})
			defer published()
			return plan.Drive(ctx, base, m)
		}),
		Warmup: -1, Settle: -1, MaxDuration: -1,
	})
	require.NoError(t, err)
	require.Len(t, ports, 2)
	t.Logf("port %s, then %s", ports[0], ports[1])

	died := death(t, r)
	assert.Regexp(t, `^"reborn" exited with code 4 at 00:0\d in the load phase after .* requests \(.*; started again by its restart policy\): its last log lines may say why$`, died.Text())
	assert.Contains(t, died.Logs, "asked to exit with 4")
	require.Len(t, r.Source.Gaps, 1)
	assert.True(t, r.Source.Gaps[0].Revived)
	last := r.Samples[len(r.Samples)-1]
	assert.Greater(t, last.At, died.At+time.Second, "the new life is sampled")
	assert.NotZero(t, last.WorkingSet)
	_, came := r.Phase(report.Final)
	assert.True(t, came, "it runs to its end")

	assert.Equal(t, leak.Inconclusive, r.Trend.Verdict)
	assert.ErrorContains(t, memtest.CheckLeak(r), `no leak statement is possible for "reborn"`)
	_, err = memtest.Budget{Peak: "1GiB"}.Check(r)
	assert.ErrorContains(t, err, "cut short")
	if ports[0] != ports[1] {
		assert.Less(t, r.Load.Success, 0.7, "nobody is at the first port any more")
	}
	assert.Empty(t, left(t, engine, "memgate.test", t.Name()))
}
