package cgroup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/profile"
)

// remotely is what the files of that folder are as a container would see them.
func remotely(t testing.TB, r *Remote, memory string) map[string][]byte {
	t.Helper()
	content := map[string][]byte{}
	for _, path := range r.Paths() {
		if data, err := os.ReadFile(filepath.Join(memory, filepath.Base(path))); err == nil && !strings.HasPrefix(path, "/proc") {
			content[path] = data
		}
	}
	return content
}

func TestRemoteSeesWhatAReaderSees(t *testing.T) {
	for name, id := range map[string]string{"v1-docker": container, "v2-6.1": "", "v2-6.12-docker": container, "v2-7.2": ""} {
		t.Run(name, func(t *testing.T) {
			dir, err := find("testdata/"+name, pid, id)
			require.NoError(t, err)
			dir.CPU, dir.Pids, dir.Host = dir.Memory, dir.Memory, ""
			remote := NewRemote(dir.Version)
			content := remotely(t, remote, dir.Memory)
			got, err := remote.Parse(content)
			require.NoError(t, err)
			reader, err := Open(dir)
			require.NoError(t, err)
			defer reader.Close()
			want := sample(t, reader)
			assert.Equal(t, want, got)

			delete(content, remote.files[1].path)
			got, err = remote.Parse(content)
			require.NoError(t, err)
			_, ok := got.Value(profile.Anon)
			assert.False(t, ok, "a file that is gone is no zero")
			assert.Zero(t, got.Anon)
			content[remote.files[1].path] = []byte("anon many\ntotal_rss many\n")
			_, err = remote.Parse(content)
			assert.ErrorContains(t, err, "no number in the line")
			delete(content, remote.files[0].path)
			_, err = remote.Parse(content)
			assert.ErrorContains(t, err, "does not see its own cgroup")
		})
	}
}
