package memtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/testcontainers/testcontainers-go"

	"github.com/memgate/memgate/internal/container"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile"
)

// Image is a Target: a container started for the run from an image, and removed after
// it. Exactly one of Ref, Build and Go names the image.
//
// The ports are published on 127.0.0.1 where the engine is local. The memory limit is
// read back from the engine and from the kernel; one that was not applied is an error.
type Image struct {
	Ref        string // an image reference: "shop:dev"; pulled if the engine does not have it
	Build      string // a folder with a Dockerfile, built for this run
	Dockerfile string // path of the Dockerfile in Build; default "Dockerfile"
	Go         string // a Go main package, "./cmd/server", compiled with CGO off into an image FROM scratch; an absolute path may be in another module or checkout

	Port      int               // TCP port in the container that is loaded; required
	Ready     string            // HTTP path that answers 2xx or 3xx once the target is ready; default: Port accepts connections
	ReadyWait time.Duration     // how long it may take to be ready; default 60 s
	Env       map[string]string // environment variables; reports name them and never show their values
	Args      []string          // arguments of the image's entry point

	MemoryLimit       Size    // hard limit; default none
	MemoryReservation Size    // soft limit; default none
	Swap              Size    // swap beyond MemoryLimit; default none, because a leak hides in swap
	CPUs              float64 // CPU quota in cores; default none

	// Pprof is where net/http/pprof is served: a path ("/debug/pprof", the default), a
	// port of its own (":6060"), or both (":6060/debug/pprof"). A target that serves
	// none is run without heap profiles, and the record says so.
	Pprof string

	// HeapURL is where a target in another language than Go serves a profile of its
	// memory, as Pprof: "/pprof/heap", ":6060/debug/heap". It is read in pprof's format,
	// in that of gperftools and tcmalloc, and in jemalloc's (see heap.HeapURL); what it
	// gives no names for gets those of the container's files, where they can be seen. Without
	// a Go runtime the verdict goes by the working set; the profiles say what grew. Set
	// either this or Pprof.
	HeapURL string

	// AllowHost allows load to an address that is neither loopback, nor in the engine's
	// own container network, nor named by DOCKER_HOST or TESTCONTAINERS_HOST_OVERRIDE.
	AllowHost bool

	// Source is where memory is read: "files" (of the container's cgroup, seen from
	// here), "exec" (the same, read once a second by a shell in the container), "docker
	// stats" (once a second, with fewer figures). Default: the first of them that works.
	Source string

	Options []testcontainers.ContainerCustomizer // for everything else; the limits and ports above win

	_ struct{}
}

var _ target.Limited = Image{}

const pprofPath = "/debug/pprof"

// Start starts the container and waits until it is ready.
func (i Image) Start(ctx context.Context) (*target.Instance, error) {
	spec, err := i.spec()
	if err != nil {
		return nil, err
	}
	c, err := container.Start(ctx, spec)
	if err != nil {
		return nil, err
	}
	inst, err := c.Instance(ctx)
	if err != nil {
		return nil, errors.Join(err, c.Stop(context.WithoutCancel(ctx)))
	}
	if err := checkLimit(ctx, i.MemoryLimit, spec.Memory, inst.Memory); err != nil {
		return nil, errors.Join(err, inst.Stop(context.WithoutCancel(ctx)))
	}
	inst.Env.Target = i.name()
	return inst, nil
}

// WithMemoryLimit returns the image with another hard limit; 0: none.
func (i Image) WithMemoryLimit(bytes uint64) target.Limited {
	i.MemoryLimit = limitOf(bytes)
	return i
}

// WithEnv returns the image with those variables set besides its own.
func (i Image) WithEnv(env map[string]string) target.Limited {
	i.Env = merged(i.Env, env)
	return i
}

// name returns the image as its test names it.
func (i Image) name() string {
	switch {
	case i.Go != "":
		return "go package " + i.Go
	case i.Build != "":
		return "build of " + i.Build
	default:
		return i.Ref
	}
}

// spec returns the container to start; an error says which field is wrong.
func (i Image) spec() (container.Spec, error) {
	spec := container.Spec{
		Ref: i.Ref, Context: i.Build, Dockerfile: i.Dockerfile, GoPackage: i.Go,
		Port: i.Port, ReadyPath: i.Ready, ReadyWait: i.ReadyWait,
		Env: maps.Clone(i.Env), Args: i.Args, CPUs: i.CPUs,
		AllowHost: i.AllowHost, Source: i.Source, Options: i.Options,
	}
	if err := profilesOf(&spec, i.Pprof, i.HeapURL); err != nil {
		return container.Spec{}, err
	}
	return spec, sizes(
		sizeField{"image's MemoryLimit", i.MemoryLimit, &spec.Memory},
		sizeField{"image's MemoryReservation", i.MemoryReservation, &spec.Reservation},
		sizeField{"image's Swap", i.Swap, &spec.Swap},
	)
}

// profilesOf fills in where the container's profiles are.
func profilesOf(spec *container.Spec, pprof, heapURL string) error {
	if pprof != "" && heapURL != "" {
		return errors.New("target has both Pprof and HeapURL: set Pprof for a Go target, HeapURL for another")
	}
	port, path, err := splitPprof(cmp.Or(heapURL, pprof))
	spec.PprofPort, spec.PprofPath = port, path
	if heapURL != "" {
		spec.HeapPath = path
	}
	return err
}

// checkLimit compares the limit that was asked for with the kernel's own, which is
// rounded to a page.
func checkLimit(ctx context.Context, asked Size, want int64, memory profile.Sampler) error {
	if want == 0 {
		return nil
	}
	var m profile.Memory
	if err := memory.Sample(ctx, &m); err != nil {
		return nil // the run itself says what is wrong with sampling
	}
	got, ok := m.Value(profile.Limit)
	const page = 64 << 10 // the largest page of a kernel that containers run on
	if ok && (int64(got) > want || int64(got) < want-page) {
		return fmt.Errorf("memory limit %s was asked for, the kernel has %s: the engine does not apply limits (rootless without the memory controller?): run it where it does, or leave MemoryLimit out", asked, words.MiB(got))
	}
	return nil
}

// splitPprof reads Image.Pprof: its port (0: the target's own) and path.
func splitPprof(s string) (port int, path string, err error) {
	path = s
	if after, ok := strings.CutPrefix(s, ":"); ok {
		var digits string
		digits, path, _ = strings.Cut(after, "/")
		if path != "" {
			path = "/" + path
		}
		port, err = strconv.Atoi(digits)
		if err != nil || port < 1 || port > 65535 {
			return 0, "", fmt.Errorf("pprof %q: write a path (\"/debug/pprof\"), a port (\":6060\") or both (\":6060/debug/pprof\")", s)
		}
	}
	switch {
	case path == "":
		path = pprofPath
	case path[0] != '/':
		return 0, "", fmt.Errorf("pprof %q: write a path (\"/debug/pprof\"), a port (\":6060\") or both (\":6060/debug/pprof\")", s)
	}
	return port, strings.TrimRight(path, "/"), nil
}
