package container

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	"github.com/moby/moby/client/pkg/jsonmessage"
	"github.com/testcontainers/testcontainers-go"
)

// builderLines is how much of the builder's output an error shows: its last words.
const builderLines = 20

// image is what a container is made of.
type image struct {
	ref       string
	built     bool   // by us: to be removed with the container
	goVersion string // of the target, where we compiled it
}

// building keeps removals of images out of the way of builds: the engine prunes a
// removed image's layers, and a build that has just found one in its cache fails.
var building sync.RWMutex

// image makes sure of the image that s names. item tags it, if it is built.
func (e *engine) image(ctx context.Context, s Spec, item string, labels map[string]string) (image, error) {
	if s.Ref != "" {
		return image{ref: s.Ref}, nil // testcontainers pulls it if the engine lacks it
	}
	img := image{
		// A name with a registry, so that no substitutor takes it for Docker Hub's.
		ref:   "localhost/memgate:" + strings.ToLower(item),
		built: true,
	}
	var opts client.ImageBuildOptions
	var err error
	if s.GoPackage != "" {
		opts, img.goVersion, err = e.goBuild(ctx, s)
	} else {
		opts, err = dockerBuild(s, labels)
	}
	if err != nil {
		return image{}, err
	}
	opts.Tags, opts.Labels = []string{img.ref}, labels
	opts.Remove, opts.ForceRemove = true, true
	return img, e.build(ctx, s, opts)
}

func (e *engine) goBuild(ctx context.Context, s Spec) (client.ImageBuildOptions, string, error) {
	if e.info.OSType != "linux" {
		return client.ImageBuildOptions{}, "", fmt.Errorf("build Go package %q: the engine runs %s containers: switch it to Linux containers", s.GoPackage, e.info.OSType)
	}
	arch, err := goArch(e.info.Architecture)
	if err != nil {
		return client.ImageBuildOptions{}, "", err
	}
	archive, goVersion, err := goImage(ctx, s.Dir, s.GoPackage, arch)
	if err != nil {
		return client.ImageBuildOptions{}, "", err
	}
	// Nothing is worth caching in a copy, and layers of its own make the image
	// independent of what another test builds or removes meanwhile.
	return client.ImageBuildOptions{Context: archive, NoCache: true}, goVersion, nil
}

// dockerBuild leaves .dockerignore and registry credentials to testcontainers.
func dockerBuild(s Spec, labels map[string]string) (client.ImageBuildOptions, error) {
	folder := s.Context
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(s.Dir, folder)
	}
	dockerfile := filepath.Join(folder, cmp.Or(s.Dockerfile, "Dockerfile"))
	if _, err := os.Stat(dockerfile); err != nil {
		return client.ImageBuildOptions{}, fmt.Errorf("build image from %q: %w: name the folder that holds the Dockerfile", s.Context, err)
	}
	req := testcontainers.ContainerRequest{FromDockerfile: testcontainers.FromDockerfile{Context: folder, Dockerfile: s.Dockerfile}}
	opts, err := req.BuildOptions()
	if err != nil {
		return client.ImageBuildOptions{}, fmt.Errorf("build image from %q: %w: check the Dockerfile and docker login", s.Context, err)
	}
	return opts, nil
}

// build runs the engine's builder and waits for its verdict.
func (e *engine) build(ctx context.Context, s Spec, opts client.ImageBuildOptions) error {
	building.RLock()
	defer building.RUnlock()
	if c, ok := opts.Context.(io.Closer); ok {
		defer c.Close()
	}
	said := &tail{max: 64 << 10}
	res, err := e.ImageBuild(ctx, opts.Context, opts)
	if err == nil {
		defer res.Body.Close()
		err = jsonmessage.DisplayStream(res.Body, said)
	}
	if err != nil {
		return fmt.Errorf("build image from %s: %w:\n%s\nmake docker build work there first", source(s), err, lastLines(said.String(), builderLines))
	}
	return nil
}

// source is what an image is built from, for people.
func source(s Spec) string {
	if s.GoPackage != "" {
		return fmt.Sprintf("Go package %q", s.GoPackage)
	}
	return fmt.Sprintf("%q", filepath.Join(s.Context, cmp.Or(s.Dockerfile, "Dockerfile")))
}

// noImage explains why a reference could not be had, if that is why a container could
// not be created; otherwise err is returned as it is.
func (e *engine) noImage(ctx context.Context, ref string, err error) error {
	if _, missing := e.ImageInspect(ctx, ref); !errdefs.IsNotFound(missing) {
		return err
	}
	return fmt.Errorf("get image %q: the engine does not have it and could not pull it: %w: check its name, docker login and the network, or docker pull it first", ref, err)
}
