package container

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
)

// Variables that name a host.
const (
	hostOverride = "TESTCONTAINERS_HOST_OVERRIDE"
	dockerHost   = "DOCKER_HOST"
)

// place is where published ports of an engine are.
type place struct {
	host   string // "127.0.0.1" for every kind of loopback
	local  bool   // the engine is behind a socket of this machine, so its network may be seen from here
	named  string // the variable that names host; "" if none does
	daemon string // the engine's address
}

// loopback reports whether ports are to be published on 127.0.0.1 only.
func (p place) loopback() bool { return p.host == "127.0.0.1" }

// locate says where an engine's published ports are. It does not ask testcontainers,
// which takes itself for containerised where /.dockerenv exists, and then answers the
// default gateway: on many machines an outside address.
func locate(daemon string, getenv func(string) string) (place, error) {
	u, err := url.Parse(daemon)
	if err != nil {
		return place{}, fmt.Errorf("locate engine: %w: set %s to tcp://host:port or unix:///path", err, dockerHost)
	}
	p := place{daemon: daemon}
	switch u.Scheme {
	case "unix", "npipe":
		p.host, p.local = "127.0.0.1", true
	case "tcp", "http", "https":
		p.host = normalHost(u.Hostname())
		if named, err := url.Parse(getenv(dockerHost)); err == nil && normalHost(named.Hostname()) == p.host {
			p.named = dockerHost
		}
	default:
		return place{}, fmt.Errorf("locate engine at %s: ports of a %q engine cannot be found: set %s to the host where they are published", daemon, u.Scheme, hostOverride)
	}
	if override := getenv(hostOverride); override != "" {
		p.host, p.named = normalHost(override), hostOverride
	}
	if p.host == "" {
		return place{}, fmt.Errorf("locate engine at %s: it names no host: set %s", daemon, hostOverride)
	}
	return p, nil
}

func normalHost(host string) string {
	host = strings.Trim(strings.ToLower(host), "[]")
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return "127.0.0.1"
	}
	return host
}

// permit refuses a host that nobody has named: a load generator that guesses its
// target is a weapon.
func (p place) permit(allow bool) error {
	if p.loopback() || p.named != "" || allow {
		return nil
	}
	return fmt.Errorf("choose address to load: %s (of the engine at %s) is neither loopback, nor the engine's own container network, nor named by %s or %s: name it in one of them, or allow it with AllowHost",
		p.host, p.daemon, dockerHost, hostOverride)
}

// route is one way to a container.
type route struct {
	host  string
	ports map[int]int // the port to dial for a port inside
	how   string      // "published", "container network"
}

// addr returns host:port for a port inside.
func (r route) addr(inside int) string {
	return net.JoinHostPort(r.host, strconv.Itoa(r.ports[inside]))
}

// routes returns the ways to a container that may carry load, best first.
func (p place) routes(ctr container.InspectResponse, near func(netip.Addr) bool, inside ...int) []route {
	var all []route
	if ports := publishedPorts(ctr, inside); len(ports) == len(slices.Compact(slices.Sorted(slices.Values(inside)))) {
		all = append(all, route{host: p.host, ports: ports, how: "published"})
	}
	if !p.local {
		return all
	}
	same := map[int]int{}
	for _, port := range inside {
		same[port] = port
	}
	for _, ip := range networkIPs(ctr) {
		if near(ip) {
			all = append(all, route{host: ip.String(), ports: same, how: "container network"})
		}
	}
	return all
}

// publishedPorts returns the host's ports for those ports inside that are published.
func publishedPorts(ctr container.InspectResponse, inside []int) map[int]int {
	ports := map[int]int{}
	for _, in := range inside {
		if ctr.HostConfig != nil && ctr.HostConfig.NetworkMode == "host" {
			ports[in] = in
			continue
		}
		if ctr.NetworkSettings == nil {
			continue
		}
		key, ok := network.PortFrom(uint16(in), network.TCP)
		if !ok {
			continue
		}
		for _, b := range ctr.NetworkSettings.Ports[key] {
			out, err := strconv.ParseUint(b.HostPort, 10, 16)
			if err == nil && out > 0 && !b.HostIP.Is6() {
				ports[in] = int(out)
				break
			}
		}
	}
	return ports
}

// checkPublished returns an error if a container that is not ours does not publish one of the
// ports. It may be reached in the engine's network even so, but whoever names a port that
// nobody published has most often mistaken it, and would wait in vain.
func checkPublished(ctr container.InspectResponse, inside []int) error {
	ports := publishedPorts(ctr, inside)
	for _, port := range inside {
		if _, ok := ports[port]; !ok {
			return fmt.Errorf("find way to container %.12s: its port %d is not published, %s: name a port that is, or publish it (testcontainers' WithExposedPorts)",
				ctr.ID, port, whatIsPublished(ctr))
		}
	}
	return nil
}

// whatIsPublished returns "only 8080/tcp and 9090/tcp are".
func whatIsPublished(ctr container.InspectResponse) string {
	var ports []string
	if ctr.NetworkSettings != nil {
		for port, bindings := range ctr.NetworkSettings.Ports {
			if len(bindings) > 0 {
				ports = append(ports, port.String())
			}
		}
	}
	slices.Sort(ports)
	switch len(ports) {
	case 0:
		return "none is"
	case 1:
		return "only " + ports[0] + " is"
	}
	return "only " + strings.Join(ports, ", ") + " are"
}

// networkIPs returns the container's addresses on the engine's networks.
func networkIPs(ctr container.InspectResponse) []netip.Addr {
	var ips []netip.Addr
	if ctr.NetworkSettings == nil {
		return nil
	}
	for _, n := range ctr.NetworkSettings.Networks {
		if n != nil && n.IPAddress.IsValid() && !n.IPAddress.IsUnspecified() {
			ips = append(ips, n.IPAddress)
		}
	}
	slices.SortFunc(ips, func(a, b netip.Addr) int { return cmp.Compare(a.String(), b.String()) })
	return ips
}

// nearby reports whether this machine has a foot in the network of ip: then ip is the
// container, and not somebody who happens to have the same private address.
func nearby(ip netip.Addr) bool {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range addrs {
		prefix, err := netip.ParsePrefix(a.String())
		if err == nil && prefix.Bits() > 0 && !prefix.Addr().IsLoopback() && prefix.Contains(ip) {
			return true
		}
	}
	return false
}
