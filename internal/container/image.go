package container

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	"github.com/moby/moby/client/pkg/jsonmessage"
	"github.com/testcontainers/testcontainers-go"

	"github.com/memgate/memgate/internal/text"
)

// builderLines is how much of the builder's output an error shows: its last words.
const builderLines = 20

// image is what a container is made of.
type image struct {
	ref       string
	built     bool   // by us: to be removed with the container
	goVersion string // of the target, where we compiled it
}

// image makes sure of the image that s names. item tags it, if it is built.
func (e *engine) image(ctx context.Context, s Spec, item string) (image, error) {
	if s.Ref != "" {
		return image{ref: s.Ref}, nil // testcontainers pulls it if the engine lacks it
	}
	img := image{
		// A name with a registry, so that no substitutor takes it for Docker Hub's,
		// and one that is never on a network.
		ref:   "memgate.localhost/target:" + strings.ToLower(item),
		built: true,
	}
	labels := labels(item)
	if s.GoPackage != "" {
		var err error
		img.goVersion, err = e.importGo(ctx, s, img.ref, labels)
		return img, err
	}
	return img, e.build(ctx, s, img.ref, labels)
}

// importGo makes an image that holds a Go program and nothing else. It is what a
// Dockerfile FROM scratch would make, without the second or so that the builder takes
// for each of its lines.
func (e *engine) importGo(ctx context.Context, s Spec, ref string, labels map[string]string) (string, error) {
	if e.info.OSType != "linux" {
		return "", fmt.Errorf("build Go package %q: the engine runs %s containers: switch it to Linux containers", s.GoPackage, e.info.OSType)
	}
	arch, err := goArch(e.info.Architecture)
	if err != nil {
		return "", err
	}
	root, goVersion, err := goRoot(ctx, s.Dir, s.GoPackage, arch)
	if err != nil {
		return "", err
	}
	res, err := e.ImageImport(ctx, client.ImageImportSource{Source: root, SourceName: "-"}, ref, client.ImageImportOptions{
		Changes: []string{`ENTRYPOINT ["/app"]`, fmt.Sprintf("LABEL %s=%q", label, labels[label])},
	})
	if err == nil {
		defer res.Close()
		err = jsonmessage.DisplayStream(res, io.Discard)
	}
	if err != nil {
		return "", fmt.Errorf("make image of Go package %q: %w: check the engine's disk and log", s.GoPackage, err)
	}
	return goVersion, nil
}

// build runs the engine's builder, twice if need be: a layer that it has just found in
// its cache may go when another test removes its image.
func (e *engine) build(ctx context.Context, s Spec, ref string, labels map[string]string) error {
	err := e.buildOnce(ctx, s, ref, labels)
	if err != nil && layerLost.MatchString(err.Error()) {
		err = e.buildOnce(ctx, s, ref, labels)
	}
	return err
}

var layerLost = regexp.MustCompile(`(?i)no such image|unknown parent image|layer does not exist`)

func (e *engine) buildOnce(ctx context.Context, s Spec, ref string, labels map[string]string) error {
	opts, err := buildOptions(s)
	if err != nil {
		return err
	}
	if c, ok := opts.Context.(io.Closer); ok {
		defer func() { _ = c.Close() }()
	}
	opts.Tags, opts.Labels = []string{ref}, labels
	opts.Remove, opts.ForceRemove = true, true // the containers that it runs
	said, layers, before := &text.Tail{Max: 64 << 10}, &layers{}, e.imageIDs(ctx)
	res, err := e.ImageBuild(ctx, opts.Context, opts)
	if err == nil {
		defer res.Body.Close()
		err = jsonmessage.DisplayStream(res.Body, io.MultiWriter(said, layers))
	}
	if err != nil {
		e.removeLayers(ctx, layers.made, before)
		return fmt.Errorf("build image from %q: %w:\n%s\nmake docker build work there first",
			filepath.Join(s.Context, cmp.Or(s.Dockerfile, "Dockerfile")), err, text.LastLines(said.String(), builderLines))
	}
	return nil
}

// buildOptions leaves .dockerignore and registry credentials to testcontainers.
func buildOptions(s Spec) (client.ImageBuildOptions, error) {
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

// whyNotCreated explains why a container could not be created: if its image is missing,
// or what else the engine said.
func (e *engine) whyNotCreated(ctx context.Context, ref string, err error) error {
	if _, missing := e.ImageInspect(ctx, ref); errdefs.IsNotFound(missing) {
		return fmt.Errorf("get image %q: the engine does not have it and could not pull it: %w: check its name, docker login and the network, or docker pull it first", ref, err)
	}
	return fmt.Errorf("start container of %q: %w: check the image's name, the limits and the options", ref, err)
}
