package container

import (
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/testcontainers/testcontainers-go"

	"github.com/memgate/memgate/internal/owner"
)

// hostConfig is what the engine would be sent.
func hostConfig(t *testing.T, s Spec, loopback bool) (testcontainers.GenericContainerRequest, container.HostConfig) {
	t.Helper()
	req, err := request(s, image{ref: "app"}, "it", loopback)
	require.NoError(t, err)
	var h container.HostConfig
	req.HostConfigModifier(&h)
	return req, h
}

func TestRequestLimitsWin(t *testing.T) {
	s := Spec{
		Port: 80, Memory: 64 << 20, Reservation: 32 << 20, CPUs: 1.5,
		Options: []testcontainers.ContainerCustomizer{testcontainers.WithHostConfigModifier(func(h *container.HostConfig) {
			h.Memory, h.ShmSize, h.AutoRemove = 1<<30, 4096, true
		})},
	}
	_, h := hostConfig(t, s, true)
	assert.EqualValues(t, 64<<20, h.Memory)
	assert.EqualValues(t, 64<<20, h.MemorySwap, "no swap beyond the limit")
	assert.EqualValues(t, 32<<20, h.MemoryReservation)
	assert.EqualValues(t, 1_500_000_000, h.NanoCPUs)
	assert.EqualValues(t, 4096, h.ShmSize, "the user's")
	assert.False(t, h.AutoRemove, "a dead container must be there to be asked")
	s.Swap = 1 << 20
	_, h = hostConfig(t, s, true)
	assert.EqualValues(t, 65<<20, h.MemorySwap)
	_, h = hostConfig(t, Spec{Port: 80}, true)
	assert.Zero(t, h.Memory)
	assert.Zero(t, h.MemorySwap)
}

func TestRequestPorts(t *testing.T) {
	s := Spec{Port: 80, PprofPort: 6060, Options: []testcontainers.ContainerCustomizer{
		testcontainers.WithExposedPorts("80/tcp", "9000/udp"),
		testcontainers.WithHostConfigModifier(func(h *container.HostConfig) {
			h.PortBindings = network.PortMap{network.MustParsePort("80/tcp"): {{HostPort: "18080"}}}
		}),
	}}
	req, h := hostConfig(t, s, true)
	assert.Equal(t, []string{"80/tcp", "9000/udp", "6060/tcp"}, req.ExposedPorts)
	for _, port := range []string{"80/tcp", "9000/udp", "6060/tcp"} {
		bindings := h.PortBindings[network.MustParsePort(port)]
		require.Len(t, bindings, 1, port)
		assert.Equal(t, "127.0.0.1", bindings[0].HostIP.String(), port)
	}
	assert.Equal(t, "18080", h.PortBindings[network.MustParsePort("80/tcp")][0].HostPort)
	_, h = hostConfig(t, Spec{Port: 80}, false)
	assert.Empty(t, h.PortBindings, "a remote engine publishes where it can be reached")
}

func TestRequestKeepsOptions(t *testing.T) {
	s := Spec{Port: 80, Env: map[string]string{"A": "spec"}, Args: []string{"-x"}, Options: []testcontainers.ContainerCustomizer{
		testcontainers.WithEnv(map[string]string{"A": "option", "B": "option"}),
		testcontainers.WithLabels(map[string]string{"mine": "1", label: "stolen"}),
		testcontainers.WithCmd("-y"),
		testcontainers.WithName("shop"),
		testcontainers.CustomizeRequestOption(func(req *testcontainers.GenericContainerRequest) error {
			req.Privileged = true //nolint:staticcheck // deprecated, yet in use
			return nil
		}),
	}}
	req, h := hostConfig(t, s, true)
	assert.Equal(t, map[string]string{"A": "spec", "B": "option"}, req.Env)
	assert.Equal(t, []string{"-x"}, req.Cmd)
	assert.Equal(t, "shop", req.Name)
	assert.Equal(t, "1", req.Labels["mine"])
	assert.Contains(t, req.Labels[label], "run="+owner.Self().Run+" item=it ")
	assert.True(t, h.Privileged)
	assert.NotContains(t, req.Env, "PORT")
}

func TestRequestRefusesReuse(t *testing.T) {
	_, err := request(Spec{Port: 80, Options: []testcontainers.ContainerCustomizer{testcontainers.WithReuseByName("x")}}, image{ref: "app"}, "it", true)
	assert.ErrorContains(t, err, "reuse")
	_, err = request(Spec{Port: 80, Options: []testcontainers.ContainerCustomizer{testcontainers.WithName("")}}, image{ref: "app"}, "it", true)
	assert.ErrorContains(t, err, "apply testcontainers option")
}

func TestCompareLimits(t *testing.T) {
	for _, tt := range []struct {
		name    string
		spec    Spec
		applied container.Resources
		want    string
		warn    bool
	}{
		{"as asked", Spec{Memory: 64}, container.Resources{Memory: 64, MemorySwap: 64}, "", false},
		{"none asked", Spec{}, container.Resources{Memory: 64}, "", false},
		{"memory discarded", Spec{Memory: 64}, container.Resources{}, "memory limit of 64 was asked for, the engine applied 0", false},
		{"reservation discarded", Spec{Reservation: 64}, container.Resources{}, "memory reservation", false},
		{"CPUs discarded", Spec{CPUs: 2}, container.Resources{}, "CPU quota", false},
		{"swap cannot be limited", Spec{Memory: 64}, container.Resources{Memory: 64, MemorySwap: -1}, "", true},
		{"swap as asked", Spec{Memory: 64, Swap: 8}, container.Resources{Memory: 64, MemorySwap: 72}, "", false},
		{"swap asked and discarded", Spec{Memory: 64, Swap: 8}, container.Resources{Memory: 64, MemorySwap: -1}, "8 B of swap", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &container.HostConfig{Resources: tt.applied}
			c := &Container{spec: tt.spec, info: Info{Swap: swapBeyond(h)}}
			err := c.compareLimits(h)
			if tt.want == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, tt.want)
			}
			assert.Equal(t, tt.warn, len(c.info.Warnings) > 0)
		})
	}
}
