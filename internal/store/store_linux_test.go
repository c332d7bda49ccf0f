package store

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/golden"
)

// tinyDisk is a folder of 64 KiB. Only root can make one.
func tinyDisk(t *testing.T) string {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("mount a small tmpfs: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, 0)) })
	return dir
}

func TestWriteFileOnReadOnlyDisk(t *testing.T) {
	dir := tinyDisk(t)
	require.NoError(t, WriteFile(dir, "x.html", []byte("old")))
	require.NoError(t, syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	require.ErrorIs(t, WriteFile(dir, "x.html", []byte("new")), syscall.EROFS)
	require.Equal(t, []string{"x.html"}, golden.Names(t, dir))
}

func TestWriteFileOnFullDisk(t *testing.T) {
	dir := tinyDisk(t)
	require.NoError(t, WriteFile(dir, "x.html", []byte("old")))
	err := WriteFile(dir, "x.html", make([]byte, 256<<10))
	assert.ErrorIs(t, err, syscall.ENOSPC)
	assert.Equal(t, []string{"x.html"}, golden.Names(t, dir))
	old, err := os.ReadFile(filepath.Join(dir, "x.html"))
	require.NoError(t, err)
	assert.Equal(t, "old", string(old))
}

func TestWriteFileRefusesWhatIsNoFile(t *testing.T) {
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "outside")
	require.NoError(t, os.WriteFile(outside, []byte("theirs"), 0o600))
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "link.html")))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "dangling.html")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder.html"), 0o700))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe.html"), 0o600))
	before := golden.Names(t, dir)
	for _, name := range before {
		assert.ErrorContains(t, WriteFile(dir, name, []byte("ours")), "no plain file")
	}
	assert.Equal(t, before, golden.Names(t, dir))
	theirs, err := os.ReadFile(outside)
	require.NoError(t, err)
	assert.Equal(t, "theirs", string(theirs))
}
