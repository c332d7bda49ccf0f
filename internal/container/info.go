package container

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
)

// Info is what the engine says of a container and of itself.
type Info struct {
	ID            string
	Name          string
	Image         string   // as it was named, or as it was built
	ImageID       string   // "sha256:…"
	Engine        string   // "docker 20.10.24"
	CgroupVersion string   // "v1", "v2"; "" if the engine does not say
	Kernel        string   // the engine's kernel
	Limit         int64    // hard memory limit in bytes; 0 if none
	Swap          int64    // swap allowed beyond Limit in bytes; -1 if unlimited or unknown
	CPUs          float64  // CPU quota in cores; 0 if none
	EnvNames      []string // names of the environment variables that it was given, sorted
	GoVersion     string   // of the target, where it was compiled here
	Restarts      bool     // its restart policy may revive it
	Warnings      []string // the engine's, and ours on limits that it does not apply
}

// Info returns what is known of the container since it started.
func (c *Container) Info() Info { return c.info }

// Env returns the container's environment, "NAME=value", the image's too: for masking. It is
// not in Info, which is shown.
func (c *Container) Env() []string { return c.env }

// describe fills info, and compares the limits that were asked for with those that
// the engine says it has applied.
func (c *Container) describe(ctx context.Context, ctr container.InspectResponse) error {
	i := &c.info
	i.ID, i.Name, i.ImageID = ctr.ID, strings.TrimPrefix(ctr.Name, "/"), ctr.Image
	i.Engine, i.Kernel, i.GoVersion = c.eng.name(ctx), c.eng.info.KernelVersion, c.image.goVersion
	if v := c.eng.info.CgroupVersion; v != "" {
		i.CgroupVersion = "v" + v
	}
	i.Warnings = append(i.Warnings, c.eng.info.Warnings...)
	if ctr.Config != nil {
		i.Image = ctr.Config.Image
		c.env = ctr.Config.Env
		if c.ctr == nil {
			i.EnvNames = envNames(ctr.Config.Env)
		}
	}
	if ctr.HostConfig == nil {
		return fmt.Errorf("inspect container %.12s: the engine does not tell its limits", c.id)
	}
	h := ctr.HostConfig
	i.Limit, i.Swap, i.CPUs = h.Memory, swapBeyond(h), cpus(h)
	i.Restarts = h.RestartPolicy.Name != "" && h.RestartPolicy.Name != container.RestartPolicyDisabled
	if c.ctr == nil {
		return nil
	}
	return c.compareLimits(h)
}

// compareLimits returns an error where a limit was asked for and not applied, and a
// warning where only the default of no swap could not be.
func (c *Container) compareLimits(h *container.HostConfig) error {
	s := c.spec
	for _, l := range []struct {
		name      string
		want, got int64
	}{
		{"memory limit", s.Memory, h.Memory},
		{"memory reservation", s.Reservation, h.MemoryReservation},
		{"CPU quota (in billionths)", int64(s.CPUs * 1e9), h.NanoCPUs},
	} {
		if l.want > 0 && l.got != l.want {
			return fmt.Errorf("limit container: %s of %d was asked for, the engine applied %d: enable the cgroup controllers for it (docker info shows warnings), or leave that limit out",
				l.name, l.want, l.got)
		}
	}
	if s.Memory == 0 || c.info.Swap == s.Swap {
		return nil
	}
	if s.Swap > 0 {
		return fmt.Errorf("limit container: %d B of swap were asked for, the engine allows %d: enable swap accounting (swapaccount=1), or leave it out", s.Swap, c.info.Swap)
	}
	c.info.Warnings = append(c.info.Warnings, "the engine cannot keep the target from swapping: a leak may hide in swap")
	return nil
}

// swapBeyond returns the swap that a container may use beyond its memory limit.
func swapBeyond(h *container.HostConfig) int64 {
	if h.Memory <= 0 || h.MemorySwap < h.Memory {
		return -1
	}
	return h.MemorySwap - h.Memory
}

func cpus(h *container.HostConfig) float64 {
	switch {
	case h.NanoCPUs > 0:
		return float64(h.NanoCPUs) / 1e9
	case h.CPUQuota > 0 && h.CPUPeriod > 0:
		return float64(h.CPUQuota) / float64(h.CPUPeriod)
	default:
		return 0
	}
}

func names(env map[string]string) []string { return slices.Sorted(maps.Keys(env)) }

// envNames takes the values off "NAME=value".
func envNames(env []string) []string {
	set := map[string]string{}
	for _, e := range env {
		name, _, _ := strings.Cut(e, "=")
		set[name] = ""
	}
	return names(set)
}
