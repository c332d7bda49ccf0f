package container

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/testcontainers/testcontainers-go"
)

// Spec is a container to start. Exactly one of Ref, Context and GoPackage names its
// image.
type Spec struct {
	Ref        string // an image reference; pulled only if the engine does not have it
	Context    string // a build context: a folder
	Dockerfile string // its Dockerfile, relative to Context; default "Dockerfile"
	GoPackage  string // a Go main package ("./cmd/server"), built without cgo into an image FROM scratch
	Dir        string // what Context and GoPackage are relative to; default the working directory

	Port      int           // the port inside that is loaded; it is published
	PprofPort int           // the port inside that serves net/http/pprof, or HeapPath; default Port
	PprofPath string        // the path under which it serves net/http/pprof: "/debug/pprof"
	HeapPath  string        // where a target in another language serves a profile of its heap, in place of PprofPath
	ReadyPath string        // an HTTP path that answers 2xx or 3xx once the target is ready; "": a TCP connection is enough
	ReadyWait time.Duration // how long the target may take to be ready; default 60 s

	Env  map[string]string
	Args []string

	Memory      int64   // hard memory limit in bytes; 0: none
	Reservation int64   // soft memory limit in bytes; 0: none
	Swap        int64   // swap allowed beyond Memory in bytes; 0: none, because a leak hides in swap
	CPUs        float64 // CPU quota in cores; 0: none

	// AllowHost permits load to an address that is neither loopback, nor in the
	// engine's own container network, nor named by DOCKER_HOST or
	// TESTCONTAINERS_HOST_OVERRIDE.
	AllowHost bool

	Source string // Files, Exec or Stats: where memory is read; "" is the best there is

	Options []testcontainers.ContainerCustomizer // applied before the fields above, which win
}

const defaultReadyWait = 60 * time.Second

func (s Spec) readyWait() time.Duration {
	if s.ReadyWait == 0 {
		return defaultReadyWait
	}
	return s.ReadyWait
}

func (s Spec) pprofPort() int {
	if s.PprofPort == 0 {
		return s.Port
	}
	return s.PprofPort
}

// check refuses what no engine could run; it starts nothing.
func (s Spec) check() error {
	if err := s.checkImage(); err != nil {
		return err
	}
	if err := s.checkLimits(); err != nil {
		return err
	}
	return s.checkPorts()
}

func (s Spec) checkImage() error {
	var named []string
	for _, way := range []struct{ name, value string }{{"image", s.Ref}, {"build context", s.Context}, {"Go package", s.GoPackage}} {
		if way.value != "" {
			named = append(named, fmt.Sprintf("%s %q", way.name, way.value))
		}
	}
	switch {
	case len(named) == 0:
		return errors.New("start container: no image is named: set an image reference, a build context or a Go package")
	case len(named) > 1:
		return fmt.Errorf("start container: %s are named: keep one of them", strings.Join(named, " and "))
	case s.Dockerfile != "" && s.Context == "":
		return fmt.Errorf("start container: Dockerfile %q has no build context: name the folder it is built in", s.Dockerfile)
	}
	return nil
}

func (s Spec) checkLimits() error {
	switch {
	case s.Memory < 0 || s.Reservation < 0 || s.Swap < 0 || s.CPUs < 0:
		return fmt.Errorf("start container: a limit is negative (memory %d B, reservation %d B, swap %d B, %g CPUs): use 0 for none",
			s.Memory, s.Reservation, s.Swap, s.CPUs)
	case s.Swap > 0 && s.Memory == 0:
		return fmt.Errorf("start container: %d B of swap beyond a memory limit that is not set: set the memory limit as well", s.Swap)
	case s.Memory > 0 && s.Reservation > s.Memory:
		return fmt.Errorf("start container: the reservation of %d B is above the memory limit of %d B: lower it", s.Reservation, s.Memory)
	}
	return nil
}

func (s Spec) checkPorts() error {
	if s.Port < 1 || s.Port > 65535 {
		return fmt.Errorf("start container: port %d: set the port inside the container that is to be loaded, 1 to 65535", s.Port)
	}
	if s.PprofPort < 0 || s.PprofPort > 65535 {
		return fmt.Errorf("start container: pprof port %d: set 1 to 65535, or 0 for port %d", s.PprofPort, s.Port)
	}
	if s.ReadyWait < 0 {
		return fmt.Errorf("start container: ready wait of %s: set how long the target may take, or 0 for %s", s.ReadyWait, defaultReadyWait)
	}
	if s.Source != "" && s.Source != Files && s.Source != Exec && s.Source != Stats {
		return fmt.Errorf("start container: memory source %q: write %q, %q, %q or nothing", s.Source, Files, Exec, Stats)
	}
	if s.ReadyPath != "" && !strings.HasPrefix(s.ReadyPath, "/") {
		return fmt.Errorf("start container: ready path %q: begin it with /", s.ReadyPath)
	}
	return nil
}
