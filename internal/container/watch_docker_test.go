package container

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/testcontainers/testcontainers-go"

	"github.com/memgate/memgate/internal/cgroup"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile"
)

// ended waits for the end of a container, and returns how long ago it was then.
func ended(t *testing.T, c *Container) target.Exit {
	t.Helper()
	select {
	case exit := <-c.Exited():
		return exit
	case <-time.After(10 * time.Second):
		t.Fatal("the end was not noticed")
		return target.Exit{}
	}
}

// poke asks for something that the target may not survive.
func poke(url string) {
	if res, err := http.Get(url); err == nil {
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
}

func TestOOMKillHasAWitness(t *testing.T) {
	s := server(t)
	s.Memory = 32 << 20
	c := started(t, s)
	poke(c.URL() + "/leak?mb=64")
	exit := ended(t, c)
	assert.True(t, exit.OOMKilled)
	assert.Equal(t, 137, exit.Code)
	assert.Regexp(t, `inspect|oom event`, exit.Witness)
	assert.Contains(t, exit.Error(), "OOM-killed")
	assert.Contains(t, exit.Logs, "listening")
	_, err := c.Sampler(t.Context())
	assert.ErrorIs(t, err, profile.ErrGone)
}

func TestSIGKILLIsNoOOMKill(t *testing.T) {
	c := started(t, server(t))
	began := time.Now()
	_, err := c.eng.ContainerKill(t.Context(), c.id, client.ContainerKillOptions{Signal: "KILL"})
	require.NoError(t, err)
	exit := ended(t, c)
	assert.False(t, exit.OOMKilled)
	assert.Equal(t, 137, exit.Code)
	assert.Contains(t, exit.Error(), "was killed")
	assert.Less(t, time.Since(began), 2*time.Second)
}

func TestExitCode(t *testing.T) {
	c := started(t, server(t))
	poke(c.URL() + "/exit?code=4")
	exit := ended(t, c)
	assert.Equal(t, 4, exit.Code)
	assert.Contains(t, exit.Logs, "asked to exit with 4")
}

func TestRestartPolicyIsAnExitToo(t *testing.T) {
	s := server(t)
	s.Options = options(testcontainers.WithHostConfigModifier(func(h *container.HostConfig) {
		h.RestartPolicy = container.RestartPolicy{Name: container.RestartPolicyOnFailure, MaximumRetryCount: 5}
	}))
	c := started(t, s)
	poke(c.URL() + "/exit?code=4")
	exit := ended(t, c)
	assert.Equal(t, 4, exit.Code)
	assert.Contains(t, exit.Error(), "exited with code 4 (its restart policy")
}

func TestSomebodyRemovesTheContainer(t *testing.T) {
	c := started(t, server(t))
	require.NoError(t, c.eng.removeContainer(t.Context(), c.id))
	assert.NotZero(t, ended(t, c).Code)
}

func TestStopIsNoExit(t *testing.T) {
	c := started(t, server(t))
	require.NoError(t, c.Stop(t.Context()))
	select {
	case exit := <-c.Exited():
		t.Fatal(exit)
	default:
	}
}

func TestContainerNetworkIsTheSecondWay(t *testing.T) {
	s := server(t)
	t.Setenv(hostOverride, "nowhere.invalid")
	c := started(t, s)
	assert.Equal(t, "container network", c.route.how)
	assert.Equal(t, "ok\n", get(t, c.URL()))
}

func TestSamplers(t *testing.T) {
	s := server(t)
	s.Memory = 128 << 20
	c := started(t, s)
	poke(c.URL() + "/leak?mb=32")
	best, err := c.Sampler(t.Context())
	require.NoError(t, err)
	defer best.Close()
	stats := c.newStatsStream(t.Context())
	defer stats.Close()
	var files, api profile.Memory
	require.NoError(t, best.Sample(t.Context(), &files))
	require.NoError(t, stats.Sample(t.Context(), &api))
	assert.EqualValues(t, 128<<20, files.Limit)
	assert.EqualValues(t, 128<<20, api.Limit)
	for name, want := range map[profile.Field]uint64{profile.Usage: 32 << 20, profile.WorkingSet: 32 << 20, profile.Anon: 32 << 20} {
		a, ok := api.Value(name)
		if !ok { // Podman's API
			continue
		}
		f, _ := files.Value(name)
		assert.GreaterOrEqual(t, f, want, name)
		assert.InDelta(t, f, a, 4<<20, name)
	}
	pid := inspectPID(t, c)
	if _, err := cgroup.Find(pid, c.id); err == nil {
		assert.Regexp(t, `^cgroup v[12] files$`, best.Kind)
		assert.Empty(t, best.Why)
	} else {
		assert.Equal(t, "docker stats", best.Kind)
		assert.Contains(t, best.Why, err.Error())
	}

	_, err = c.eng.ContainerKill(t.Context(), c.id, client.ContainerKillOptions{Signal: "KILL"})
	require.NoError(t, err)
	_ = ended(t, c)
	waitUntil(t, func() bool {
		return isGone(t.Context(), best) && isGone(t.Context(), stats)
	}, "both know that it is gone")
}

func isGone(ctx context.Context, s profile.Sampler) bool {
	m := profile.Memory{Usage: 4711}
	err := s.Sample(ctx, &m)
	return errors.Is(err, profile.ErrGone) && m.Usage == 4711
}

func inspectPID(t *testing.T, c *Container) int {
	t.Helper()
	ctr, err := c.inspect(t.Context())
	require.NoError(t, err)
	return ctr.State.Pid
}
