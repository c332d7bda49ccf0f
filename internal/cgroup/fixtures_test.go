package cgroup

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/profile"
)

// The container of the fixtures, and its process.
const (
	container = "3f1c9a6be2d40785c1f0aa94d27be6315870d2cc4e19fb03a86d57e1b2c4903f"
	pid       = 4242
)

// host copies a recorded machine, for tests that change its files.
func host(t *testing.T, name string) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.CopyFS(root, os.DirFS(filepath.Join("testdata", name))))
	return root
}

// group is the reader of the container on a recorded machine, and its folders.
func group(t *testing.T, root string) (*Reader, Dir) {
	t.Helper()
	dir, err := find(root, pid, container)
	require.NoError(t, err)
	r, err := Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return r, dir
}

func sample(t *testing.T, r *Reader) profile.Memory {
	t.Helper()
	var m profile.Memory
	require.NoError(t, r.Sample(context.Background(), &m))
	return m
}

// write changes a file of a recorded machine without making a new one: open
// descriptors see it.
func write(t *testing.T, content string, path ...string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(path...), []byte(content), 0o600))
}
