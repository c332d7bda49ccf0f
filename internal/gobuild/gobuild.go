// Package gobuild compiles a Go main package to be a target.
package gobuild

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/memgate/memgate/internal/text"
)

// compilerLines is how much of the compiler's words an error shows: its first
// complaints, the rest usually follows from them.
const compilerLines = 20

// Compile compiles the main package at pkg, relative to dir, into the file binary, with
// those variables ("GOARCH=arm64") added to the environment. It returns the version of
// Go that it was built with. A pkg that is an absolute path is compiled in its own module,
// which need not be dir's: it is another checkout. The error names the command and its complaints.
func Compile(ctx context.Context, dir, pkg, binary string, env ...string) (goVersion string, err error) {
	if known, ok := ctx.Value(onceKey{}).(*sync.Map); ok {
		return compileOnce(ctx, known, dir, pkg, binary, env)
	}
	return compile(ctx, dir, pkg, binary, env)
}

func compile(ctx context.Context, dir, pkg, binary string, env []string) (goVersion string, err error) {
	if strings.HasPrefix(pkg, "-") {
		return "", fmt.Errorf("build Go package %q: a package path does not begin with -: name it as ./path", pkg)
	}
	named := pkg
	if filepath.IsAbs(pkg) {
		dir, pkg = pkg, "."
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	cmd.WaitDelay = 5 * time.Second
	said := &text.Head{Max: 64 << 10}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build Go package %q (%s): %w:\n%s\nmake this command work first",
			named, strings.Join(append(env, "go build"), " "), err, text.FirstLines(said.String(), compilerLines))
	}
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return "", fmt.Errorf("build Go package %q: what was built cannot be run: name a main package", named)
	}
	return info.GoVersion, nil
}
