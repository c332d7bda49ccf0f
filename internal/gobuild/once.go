package gobuild

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
)

// Once makes Compile under the context that it returns build each package once, and hand
// out the same program again: trials that are compared are of one build, whatever
// happens to the source meanwhile.
func Once(ctx context.Context) context.Context {
	return context.WithValue(ctx, onceKey{}, &sync.Map{})
}

type onceKey struct{}

// built is a program that was compiled before.
type built struct {
	once      sync.Once
	program   []byte
	goVersion string
	err       error
}

// compileOnce writes the program as the file binary, and compiles it if that was not
// done under this context.
func compileOnce(ctx context.Context, known *sync.Map, dir, pkg, binary string, env []string) (goVersion string, err error) {
	entry, _ := known.LoadOrStore(strings.Join(append([]string{dir, pkg}, env...), "\x00"), &built{})
	b := entry.(*built)
	b.once.Do(func() {
		if b.goVersion, b.err = compile(ctx, dir, pkg, binary, env); b.err == nil {
			b.program, b.err = os.ReadFile(binary)
		}
	})
	if b.err != nil {
		return "", b.err
	}
	if err := os.WriteFile(binary, b.program, 0o700); err != nil {
		return "", fmt.Errorf("build Go package %q: %w", pkg, err)
	}
	return b.goVersion, nil
}
