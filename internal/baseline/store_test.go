package baseline_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/baseline"
)

func TestClass(t *testing.T) {
	a := baseline.ClassOf(trial(1).Env)
	b := a
	b.Kernel, b.THP, b.Limit = "6.1", "always", 0
	assert.Equal(t, "kernel 6.1 instead of 6.18, THP always instead of madvise, memory limit none instead of 128.0 MiB", b.Differs(a))
	assert.Empty(t, a.Differs(a))
	b = a
	b.Limit++
	assert.Equal(t, "memory limit 134217729 B instead of 134217728 B", b.Differs(a))
}

func place(t *testing.T, stem string, class baseline.Class) baseline.Place {
	t.Helper()
	p, err := baseline.PlaceOf(stem, class)
	require.NoError(t, err)
	return p
}

func TestOneFileForEachClass(t *testing.T) {
	t.Chdir(t.TempDir())
	f := file(t)
	p := place(t, "testdata/orders", f.Class)
	assert.Equal(t, filepath.FromSlash("testdata/orders.docker-6.18-cgroupv2-thpmadvise-128MiB-2x-amd-epyc-7b13-dd70824d.memtest"), p.String())
	_, err := p.Read()
	require.ErrorIs(t, err, os.ErrNotExist)
	none, err := p.Others()
	require.NoError(t, err)
	assert.Empty(t, none)
	require.NoError(t, p.Write(f))
	got, err := p.Read()
	require.NoError(t, err)
	assert.Equal(t, f.Bytes(), got.Bytes())

	elsewhere := f.Class
	elsewhere.Kernel = "6.1"
	there := place(t, "testdata/orders", elsewhere)
	assert.NotEqual(t, p.String(), there.String())
	others, err := there.Others()
	require.NoError(t, err)
	require.Len(t, others, 1)
	assert.Equal(t, f.Class, others[0].File.Class)
	others, err = place(t, "testdata/order", elsewhere).Others()
	require.NoError(t, err)
	assert.Empty(t, others, "another stem")
	require.NoError(t, place(t, "testdata/orders.large", f.Class).Write(f))
	others, err = there.Others()
	require.NoError(t, err)
	assert.Len(t, others, 1, "a stem that begins like this one")

	left, err := filepath.Glob("testdata/*.tmp")
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestWhatCannotBeReadIsNeverWrittenOver(t *testing.T) {
	t.Chdir(t.TempDir())
	f := file(t)
	p := place(t, "testdata/orders", f.Class)
	require.NoError(t, p.Write(f))
	torn := f.Bytes()[:200]
	require.NoError(t, os.WriteFile(p.String(), torn, 0o600))
	assert.ErrorContains(t, p.Write(f), "restore the file from git, or delete it")
	data, err := os.ReadFile(p.String())
	require.NoError(t, err)
	assert.Equal(t, torn, data)
}

func TestWhatCannotBeReadBackIsNotWritten(t *testing.T) {
	t.Chdir(t.TempDir())
	f := file(t)
	f.Figures[1].Values[0] = -1
	p := place(t, "testdata/orders", f.Class)
	assert.ErrorContains(t, p.Write(f), "it could not be read back")
	assert.NoFileExists(t, p.String())
}

func TestOutOfTheTestsFolder(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	outside := t.TempDir()
	f := file(t)
	for _, stem := range []string{"", ".", "/tmp/orders", "../orders", "testdata/../../orders", "testdata/", "testdata/or ders", "testdata/nul", "testdata/.orders", "testdata/" + strings.Repeat("x", 100)} {
		_, err := baseline.PlaceOf(stem, f.Class)
		assert.ErrorContains(t, err, "such as \"testdata/orders\"", stem)
	}

	require.NoError(t, os.Symlink(outside, "testdata"))
	p := place(t, "testdata/orders", f.Class)
	assert.Error(t, p.Write(f), "a folder that is a link out of the test's")
	names, err := os.ReadDir(outside)
	require.NoError(t, err)
	assert.Empty(t, names)
	require.NoError(t, os.WriteFile(filepath.Join(outside, filepath.Base(p.String())), f.Bytes(), 0o600))
	_, err = p.Read()
	assert.Error(t, err)
	_, err = p.Others()
	assert.Error(t, err)

	p = place(t, "orders", f.Class)
	require.NoError(t, os.WriteFile(filepath.Join(outside, "real"), f.Bytes(), 0o600))
	require.NoError(t, os.Symlink(filepath.Join(outside, "real"), p.String()))
	assert.ErrorContains(t, p.Write(f), "it is no plain file")
	_, err = p.Read()
	assert.ErrorContains(t, err, "it is no plain file")
}
