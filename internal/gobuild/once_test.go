package gobuild

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const program = "package main\n\nfunc main() { println(\"1\") }\n"

// module is a folder with a Go program.
func module(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.org/shop\n\ngo 1.26\n", "main.go": program} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

func compiled(ctx context.Context, t *testing.T, dir string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "app")
	version, err := Compile(ctx, "", dir, binary)
	require.NoError(t, err)
	assert.Contains(t, version, "go1.")
	data, err := os.ReadFile(binary)
	require.NoError(t, err)
	return string(data)
}

func TestOnceKeepsTheProgram(t *testing.T) {
	dir := module(t) // an absolute path, in a module of its own
	once := Once(t.Context())
	first := compiled(once, t, dir)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() { println(\"2\") }\n"), 0o600))
	assert.Equal(t, first, compiled(once, t, dir), "whatever happens to the source")
	assert.NotEqual(t, first, compiled(t.Context(), t, dir))
	assert.NotEqual(t, first, compiled(Once(t.Context()), t, dir))
}

func TestOnceKeepsTheComplaint(t *testing.T) {
	dir := module(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n"), 0o600))
	once := Once(t.Context())
	for range 2 {
		_, err := Compile(once, "", dir, filepath.Join(t.TempDir(), "app"))
		assert.ErrorContains(t, err, "make this command work first")
		assert.ErrorContains(t, err, dir)
	}
}
