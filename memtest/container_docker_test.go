package memtest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
)

// TestContainerOfTheUsers runs a scenario on a container that the test itself has started:
// it is judged as any target is, and goes on afterwards.
func TestContainerOfTheUsers(t *testing.T) {
	needDocker(t)
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", filepath.Join(dir, "server"), "../examples/leaky/server")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // for FROM scratch
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY server /server\nENTRYPOINT [\"/server\"]\n"), 0o600))
	users, err := testcontainers.Run(t.Context(), "",
		testcontainers.WithDockerfile(testcontainers.FromDockerfile{Context: dir}),
		testcontainers.WithExposedPorts("8080/tcp"), testcontainers.WithWaitStrategy(wait.ForListeningPort("8080/tcp").SkipInternalCheck()))
	testcontainers.CleanupContainer(t, users)
	require.NoError(t, err)

	r, err := memtest.Measure(t.Context(), memtest.Scenario{
		Target: memtest.Container{Running: users, Port: 8080, Ready: "/healthz"},
		Load:   load.Plan{Requests: load.Get("/checkout"), Rate: 50, Duration: 3 * time.Second},
		Warmup: -1, Settle: -1, MaxDuration: -1,
	})
	require.NoError(t, err)
	assert.Equal(t, uint64(150), r.Load.Requests)
	assert.Equal(t, 1.0, r.Load.Success)
	assert.NotEmpty(t, r.LiveHeaps, "pprof is found by itself")
	assert.Greater(t, r.Samples.Peak().WorkingSet, uint64(mebi))
	state, err := users.State(t.Context())
	require.NoError(t, err)
	assert.True(t, state.Running, "it is its owner's")

	_, err = memtest.Container{Port: 8080}.Start(t.Context())
	assert.ErrorContains(t, err, "container target has no Running container")
}
