package container

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"
)

// request returns what testcontainers is asked for: the user's options first, then what
// the Spec says, which wins.
func request(s Spec, img image, item string, loopback bool) (testcontainers.GenericContainerRequest, error) {
	req := testcontainers.GenericContainerRequest{Logger: tclog.NewNoopLogger()}
	req.Image = img.ref
	for _, option := range s.Options {
		if err := option.Customize(&req); err != nil {
			return req, fmt.Errorf("apply testcontainers option: %w", err)
		}
	}
	if req.Reuse {
		return req, errors.New("start container: reuse of a container is asked for: what ran before would be judged as well, so take that option away, or start the container yourself and hand it over")
	}
	req.Started = false
	if len(s.Env) > 0 {
		req.Env = merged(req.Env, s.Env)
	}
	if len(s.Args) > 0 {
		req.Cmd = s.Args
	}
	req.Labels = merged(req.Labels, labels(item))
	if req.Name == "" {
		req.Name = "memgate-" + item
	}
	for _, port := range []int{s.Port, s.pprofPort()} {
		if p := tcp(port); !slices.Contains(req.ExposedPorts, p) && !slices.Contains(req.ExposedPorts, strconv.Itoa(port)) {
			req.ExposedPorts = append(slices.Clip(req.ExposedPorts), p)
		}
	}
	req.HostConfigModifier = hostConfigOf(s, req.ContainerRequest, loopback)
	return req, nil
}

// hostConfigOf lets the user's options write first, and the Spec last.
func hostConfigOf(s Spec, req testcontainers.ContainerRequest, loopback bool) func(*container.HostConfig) {
	users := req.HostConfigModifier
	if users == nil {
		users = deprecatedHostConfig(req)
	}
	return func(h *container.HostConfig) {
		users(h)
		s.limit(h)
		if loopback {
			bindLoopback(h, req.ExposedPorts)
		}
		h.AutoRemove = false // a container that ended is asked why
	}
}

func merged(under, over map[string]string) map[string]string {
	m := maps.Clone(under)
	if m == nil {
		m = map[string]string{}
	}
	maps.Copy(m, over)
	return m
}

func tcp(port int) string { return strconv.Itoa(port) + "/tcp" }

// limit puts the Spec's limits over what is there.
func (s Spec) limit(h *container.HostConfig) {
	if s.Memory > 0 {
		h.Memory = s.Memory
		h.MemorySwap = s.Memory + s.Swap // unset would mean twice Memory
	}
	if s.Reservation > 0 {
		h.MemoryReservation = s.Reservation
	}
	if s.CPUs > 0 {
		h.NanoCPUs = int64(s.CPUs * 1e9)
	}
}

// bindLoopback publishes ports on 127.0.0.1 alone, where the user has not said
// otherwise: pprof is never offered to the network by default.
func bindLoopback(h *container.HostConfig, exposed []string) {
	if h.PortBindings == nil {
		h.PortBindings = network.PortMap{}
	}
	for _, e := range exposed {
		ports, err := network.ParsePortRange(e)
		if err != nil {
			continue // testcontainers refuses it, in words of its own
		}
		for p := range ports.All() {
			if len(h.PortBindings[p]) == 0 {
				h.PortBindings[p] = []network.PortBinding{{}}
			}
			for i := range h.PortBindings[p] {
				if b := &h.PortBindings[p][i]; !b.HostIP.IsValid() {
					b.HostIP = netip.AddrFrom4([4]byte{127, 0, 0, 1})
				}
			}
		}
	}
}

// deprecatedHostConfig returns what testcontainers does with these fields of a request as
// long as nobody sets a modifier, which we always do.
func deprecatedHostConfig(req testcontainers.ContainerRequest) func(*container.HostConfig) {
	return func(h *container.HostConfig) {
		//nolint:staticcheck // deprecated, yet a user's option may set them
		h.CapAdd, h.CapDrop, h.Binds, h.ExtraHosts, h.NetworkMode, h.Resources, h.Privileged, h.ShmSize =
			req.CapAdd, req.CapDrop, req.Binds, req.ExtraHosts, req.NetworkMode, req.Resources, req.Privileged, req.ShmSize
	}
}

// create makes the container, not started yet. The container may be there although
// an error is returned. The string is a warning.
func (e *engine) create(ctx context.Context, req testcontainers.GenericContainerRequest) (*testcontainers.DockerContainer, string, error) {
	made, err := testcontainers.GenericContainer(ctx, req)
	ctr, _ := made.(*testcontainers.DockerContainer)
	switch {
	case err == nil:
		return ctr, "", nil
	case ctr == nil || !strings.HasPrefix(err.Error(), "create container: reaper"):
		return ctr, "", e.whyNotCreated(ctx, req.Image, err)
	case unfinished(req):
		return ctr, "", fmt.Errorf("%w: set TESTCONTAINERS_RYUK_DISABLED=true: what is started here is removed without Ryuk too", err)
	default:
		return ctr, fmt.Sprintf("testcontainers' Ryuk cannot run (%v); containers are removed without it; TESTCONTAINERS_RYUK_DISABLED=true saves the attempt", err), nil
	}
}

// unfinished reports whether testcontainers still had something to do to a container
// that it created, when it gave up because there is no Ryuk.
func unfinished(req testcontainers.GenericContainerRequest) bool {
	if len(req.Files) > 0 || len(req.HostAccessPorts) > 0 {
		return true
	}
	return slices.ContainsFunc(req.LifecycleHooks, func(h testcontainers.ContainerLifecycleHooks) bool { return len(h.PostCreates) > 0 })
}
