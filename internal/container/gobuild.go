package container

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/memgate/memgate/internal/gobuild"
	"github.com/memgate/memgate/internal/owner"
)

// goRoot compiles the main package at pkg, relative to dir, for an engine of that
// architecture, and returns the root file system that it is to run in, as a tar
// archive. The second result is the version of Go that the target was built with.
func goRoot(ctx context.Context, dir, pkg, arch string) (*bytes.Reader, string, error) {
	tmp, err := os.MkdirTemp("", owner.Self().TempPattern())
	if err != nil {
		return nil, "", fmt.Errorf("build Go package %q: %w: set TMPDIR to a folder that can be written", pkg, err)
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	binary := filepath.Join(tmp, "app")
	goVersion, err := gobuild.Compile(ctx, dir, pkg, binary, "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if err != nil {
		return nil, "", err
	}
	body, err := os.ReadFile(binary)
	if err != nil {
		return nil, "", fmt.Errorf("build Go package %q: %w", pkg, err)
	}
	archive, err := rootFS(body)
	if err != nil {
		return nil, "", fmt.Errorf("build Go package %q: %w", pkg, err)
	}
	return archive, goVersion, nil
}

// rootFS holds the binary, and a /tmp that every user may write to, as Go programs
// expect one.
func rootFS(binary []byte) (*bytes.Reader, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, f := range []struct {
		tar.Header
		body []byte
	}{
		{tar.Header{Name: "tmp/", Mode: 0o1777, Typeflag: tar.TypeDir}, nil},
		{tar.Header{Name: "app", Mode: 0o755, Size: int64(len(binary))}, binary},
	} {
		if err := w.WriteHeader(&f.Header); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.body); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return bytes.NewReader(buf.Bytes()), nil
}

// goArch returns Go's name for an engine's architecture, as uname and as Docker write it.
func goArch(engine string) (string, error) {
	names := map[string]string{
		"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64",
		"armv7l": "arm", "armv6l": "arm", "arm": "arm", "i386": "386", "i686": "386", "386": "386",
		"ppc64le": "ppc64le", "s390x": "s390x", "riscv64": "riscv64", "loongarch64": "loong64", "loong64": "loong64",
	}
	if arch, ok := names[engine]; ok {
		return arch, nil
	}
	return "", fmt.Errorf("build Go package: the engine's architecture %q is not known: use an image or a Dockerfile", engine)
}
