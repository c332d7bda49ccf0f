package container

import (
	"net/netip"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLocate(t *testing.T) {
	for _, tt := range []struct {
		name, daemon, dockerHost, override string

		want      place
		permitted bool
	}{
		{"socket", "unix:///var/run/docker.sock", "", "", place{host: "127.0.0.1", local: true}, true},
		{"socket of DOCKER_HOST", "unix:///x.sock", "unix:///x.sock", "", place{host: "127.0.0.1", local: true}, true},
		{"npipe", "npipe:////./pipe/docker_engine", "", "", place{host: "127.0.0.1", local: true}, true},
		{"remote by DOCKER_HOST", "tcp://Build:2375", "tcp://build:2375", "", place{host: "build", named: dockerHost}, true},
		{"remote by a properties file", "tcp://10.1.2.3:2375", "", "", place{host: "10.1.2.3"}, false},
		{"remote, another is named", "tcp://10.1.2.3:2375", "tcp://10.1.2.4:2375", "", place{host: "10.1.2.3"}, false},
		{"tunnel", "tcp://localhost:2375", "tcp://localhost:2375", "", place{host: "127.0.0.1", named: dockerHost}, true},
		{"tunnel, IPv6", "tcp://[::1]:2375", "", "", place{host: "127.0.0.1"}, true},
		{"override", "unix:///x.sock", "", "host.docker.internal", place{host: "host.docker.internal", local: true, named: hostOverride}, true},
		{"override is loopback", "unix:///x.sock", "", "localhost", place{host: "127.0.0.1", local: true, named: hostOverride}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := map[string]string{dockerHost: tt.dockerHost, hostOverride: tt.override}
			got, err := locate(tt.daemon, func(name string) string { return env[name] })
			require.NoError(t, err)
			tt.want.daemon = tt.daemon
			assert.Equal(t, tt.want, got)
			assert.NoError(t, got.permit(true), "with AllowHost")
			if tt.permitted {
				assert.NoError(t, got.permit(false))
			} else {
				assert.ErrorContains(t, got.permit(false), "AllowHost")
			}
		})
	}
}

func TestLocateRefuses(t *testing.T) {
	none := func(string) string { return "" }
	for _, daemon := range []string{"ssh://me@host", "", "tcp://", "://"} {
		_, err := locate(daemon, none)
		assert.ErrorContains(t, err, "set ", daemon)
	}
}

func TestRoutes(t *testing.T) {
	ip := netip.MustParseAddr("172.17.0.5")
	ctr := container.InspectResponse{
		HostConfig: &container.HostConfig{},
		NetworkSettings: &container.NetworkSettings{
			Ports: network.PortMap{
				network.MustParsePort("8080/tcp"): {{HostIP: netip.MustParseAddr("::"), HostPort: "1"}, {HostPort: "32768"}},
				network.MustParsePort("6060/tcp"): {{HostPort: "32769"}},
				network.MustParsePort("9090/tcp"): nil,
			},
			Networks: map[string]*network.EndpointSettings{"bridge": {IPAddress: ip}, "none": {}},
		},
	}
	near := func(netip.Addr) bool { return true }
	far := func(netip.Addr) bool { return false }
	local, remote := place{host: "127.0.0.1", local: true}, place{host: "build"}
	addrs := func(routes []route, port int) (all []string) {
		for _, r := range routes {
			all = append(all, r.addr(port))
		}
		return all
	}
	assert.Equal(t, []string{"127.0.0.1:32768", "172.17.0.5:8080"}, addrs(local.routes(ctr, near, 8080, 6060), 8080))
	assert.Equal(t, []string{"127.0.0.1:32769", "172.17.0.5:6060"}, addrs(local.routes(ctr, near, 8080, 6060), 6060))
	assert.Equal(t, []string{"127.0.0.1:32768"}, addrs(local.routes(ctr, far, 8080, 8080), 8080), "no foot in its network")
	assert.Equal(t, []string{"build:32768"}, addrs(remote.routes(ctr, near, 8080), 8080), "a remote engine's network is not ours")
	assert.Equal(t, []string{"172.17.0.5:8080"}, addrs(local.routes(ctr, near, 8080, 9090), 8080), "one of two is not published")
	assert.Empty(t, remote.routes(ctr, near, 9090))

	ctr.HostConfig.NetworkMode = "host"
	assert.Equal(t, []string{"build:8080"}, addrs(remote.routes(ctr, near, 8080), 8080))
	assert.Empty(t, place{}.routes(container.InspectResponse{}, near, 8080))
}

func TestNearby(t *testing.T) {
	assert.False(t, nearby(netip.MustParseAddr("240.0.0.1")), "reserved, on no network")
	assert.False(t, nearby(netip.MustParseAddr("127.0.0.1")), "loopback is not the engine's network")
}

func TestCheckPublished(t *testing.T) {
	at := func(ports ...string) container.InspectResponse {
		published := network.PortMap{network.MustParsePort("5000/tcp"): nil} // exposed alone
		for _, p := range ports {
			published[network.MustParsePort(p)] = []network.PortBinding{{HostPort: "32768"}}
		}
		return container.InspectResponse{ID: "0123456789abcdef", HostConfig: &container.HostConfig{}, NetworkSettings: &container.NetworkSettings{Ports: published}}
	}
	assert.NoError(t, checkPublished(at("80/tcp", "81/tcp"), []int{80, 81}))
	assert.NoError(t, checkPublished(container.InspectResponse{HostConfig: &container.HostConfig{NetworkMode: "host"}}, []int{80}))
	assert.ErrorContains(t, checkPublished(at(), []int{80}), "container 0123456789ab: its port 80 is not published, none is: ")
	assert.ErrorContains(t, checkPublished(at("80/udp"), []int{80}), "only 80/udp is: ")
	assert.ErrorContains(t, checkPublished(at("80/tcp", "81/tcp"), []int{80, 5000}), "port 5000 is not published, only 80/tcp, 81/tcp are: ")
	assert.ErrorContains(t, checkPublished(container.InspectResponse{}, []int{80}), "none is")
}
