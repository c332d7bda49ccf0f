package cgroup

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/profile"
)

const (
	v1Host = "v1-docker"
	v2Host = "v2-6.12-docker"
)

// wrong is every way in which a file can be wrong that has to be an error naming the
// file and what is wrong.
var wrong = map[string]struct{ host, file, content, want string }{
	"empty usage":          {v2Host, "memory.current", "", "memory.current: it is empty"},
	"empty stat":           {v2Host, "memory.stat", "", "memory.stat: it is empty"},
	"empty limit":          {v1Host, "memory.limit_in_bytes", "", "memory.limit_in_bytes: it is empty"},
	"blank line":           {v2Host, "memory.current", "\n", `memory.current: no number in the line ""`},
	"usage cut short":      {v2Host, "memory.current", "1234", "memory.current: it is cut short after 4 bytes"},
	"stat cut in a number": {v2Host, "memory.stat", "anon 1087", "memory.stat: it is cut short after 9 bytes"},
	"stat cut in a key":    {v1Host, "memory.stat", "total_rss 4096\ntotal_ca", "memory.stat: it is cut short"},
	"usage in words":       {v2Host, "memory.current", "plenty\n", `memory.current: no number in the line "plenty"`},
	"usage without bound":  {v2Host, "memory.current", "max\n", `memory.current: no number in the line "max"`},
	"negative usage":       {v1Host, "memory.usage_in_bytes", "-4096\n", `no number in the line "-4096"`},
	"fraction":             {v1Host, "memory.usage_in_bytes", "4096.5\n", `no number in the line "4096.5"`},
	"exponent":             {v1Host, "memory.usage_in_bytes", "4e6\n", `no number in the line "4e6"`},
	"underflow":            {v1Host, "memory.usage_in_bytes", "18446744073709547520\n", `no number in the line "18446744073709547520"`},
	"beyond 63 bits":       {v1Host, "memory.usage_in_bytes", "9223372036854775808\n", `no number in the line "9223372036854775808"`},
	"beyond 64 bits":       {v2Host, "memory.stat", "anon 99999999999999999999999\n", `memory.stat: no number in the line "anon 9999`},
	"key without number":   {v2Host, "memory.stat", "anon\nfile 4096\n", `memory.stat: no number in the line "anon"`},
	"key and a blank":      {v2Host, "memory.stat", "anon \nfile 4096\n", `memory.stat: no number in the line "anon "`},
	"two numbers":          {v2Host, "memory.stat", "anon 1 2\n", `memory.stat: no number in the line "anon 1 2"`},
	"carriage return":      {v2Host, "memory.stat", "anon 1\r\n", `no number in the line "anon 1\r"`},
	"NUL":                  {v2Host, "memory.stat", "anon \x00\n", `no number in the line "anon \x00"`},
	"word for a limit":     {v2Host, "memory.max", "none\n", `memory.max: no number in the line "none"`},
	"event in words":       {v2Host, "memory.events", "oom_kill yes\n", `memory.events: no number in the line "oom_kill yes"`},
	"stall without total":  {v2Host, "memory.pressure", "some avg10=0.00\n", `memory.pressure: no number in the line "some avg10=0.00"`},
	"stall in words":       {v2Host, "memory.pressure", "some avg10=0.00 total=x\n", `memory.pressure: no number in the line`},
	"another file":         {v2Host, "memory.stat", strings.Repeat("x", 2<<20), "larger than 1024 KiB: this is no cgroup file"},
}

func TestWrongFilesAreErrors(t *testing.T) {
	for name, c := range wrong {
		t.Run(name, func(t *testing.T) {
			root := host(t, c.host)
			r, dir := group(t, root)
			before := sample(t, r)
			write(t, c.content, dir.Memory, c.file)
			m := before
			err := r.Sample(context.Background(), &m)
			require.ErrorContains(t, err, c.want)
			assert.NotErrorIs(t, err, profile.ErrGone)
			assert.Equal(t, before, m, "the last sample stays")
			_, err = Open(dir)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestUnreadableFileIsTheSystemsError(t *testing.T) {
	root := host(t, v2Host)
	dir, err := find(root, pid, container)
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(dir.Memory, "memory.high")))
	require.NoError(t, os.Mkdir(filepath.Join(dir.Memory, "memory.high"), 0o700))
	_, err = Open(dir)
	require.ErrorIs(t, err, syscall.EISDIR)
	assert.ErrorContains(t, err, "memory.high")
}

func TestMissingFilesAndKeysAreMissing(t *testing.T) {
	root := host(t, v2Host)
	r, dir := group(t, root)
	write(t, "new_key 7\nfile 4096\nanon_new 3\n", dir.Memory, "memory.stat")
	for _, f := range []string{"memory.swap.current", "memory.swap.max", "memory.peak", "memory.high", "memory.pressure", "memory.events", "cpu.stat", "pids.current"} {
		require.NoError(t, os.Remove(filepath.Join(dir.Memory, f)))
	}
	require.NoError(t, os.Remove(dir.Host))
	assert.Equal(t, profile.Memory{
		Usage: 11550720, File: 4096, Limit: 64 << 20, SoftLimit: 32 << 20, Missing: profile.AllFieldsExcept(profile.Usage, profile.File, profile.Limit, profile.SoftLimit),
	}, sample(t, reopen(t, dir)))

	// The open reader has the deleted files still, and loses only keys.
	m := sample(t, r)
	for figure, want := range map[profile.Field]bool{profile.File: true, profile.Anon: false, profile.WorkingSet: false, profile.Sock: false, profile.High: true} {
		_, ok := m.Value(figure)
		assert.Equal(t, want, ok, figure)
	}
	assert.Zero(t, m.Anon, "no figure of an earlier sample stays")
}

func reopen(t *testing.T, dir Dir) *Reader {
	t.Helper()
	r, err := Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func TestSwapLimitAloneIsNoLimit(t *testing.T) {
	_, dir := group(t, host(t, v2Host))
	require.NoError(t, os.Remove(filepath.Join(dir.Memory, "memory.max")))
	m := sample(t, reopen(t, dir))
	_, ok := m.Value(profile.MemorySwapLimit)
	assert.False(t, ok, "without memory.max nobody knows how much both may be")
	assert.Zero(t, m.MemorySwapLimit)
}

func TestKeysMayChangeTheirOrder(t *testing.T) {
	root := host(t, v2Host)
	r, dir := group(t, root)
	want := sample(t, r)
	data, err := os.ReadFile(filepath.Join(dir.Memory, "memory.stat"))
	require.NoError(t, err)
	lines := strings.SplitAfter(string(data), "\n")
	for i := range lines[:len(lines)/2] {
		lines[i], lines[len(lines)-1-i] = lines[len(lines)-1-i], lines[i]
	}
	write(t, strings.Join(lines, ""), dir.Memory, "memory.stat")
	assert.Equal(t, want, sample(t, r))
	write(t, strings.Repeat("unknown_key_of_a_later_kernel 1\n", 1000)+string(data), dir.Memory, "memory.stat")
	assert.Equal(t, want, sample(t, r), "a file of 30 KiB")
}

func TestWorkingSetIsNeverNegative(t *testing.T) {
	root := host(t, v2Host)
	r, dir := group(t, root)
	write(t, "4096\n", dir.Memory, "memory.current")
	m := sample(t, r)
	assert.Equal(t, uint64(4096), m.Usage)
	assert.Zero(t, m.WorkingSet)
	assert.Zero(t, m.Missing&profile.Fields(profile.WorkingSet))
}

func TestLimits(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		host               string
		files              map[string]string
		limit, both, lower uint64
	}{
		{v2Host, map[string]string{"memory.max": "max", "memory.swap.max": "0", "memory.low": "0"}, 0, 0, 0},
		{v2Host, map[string]string{"memory.max": "67108864", "memory.swap.max": "0", "memory.low": "1048576"}, 64 * mib, 64 * mib, mib},
		{v2Host, map[string]string{"memory.max": "67108864", "memory.swap.max": "1048576"}, 64 * mib, 65 * mib, 32 * mib},
		{v2Host, map[string]string{"memory.max": "67108864", "memory.swap.max": "max", "memory.low": "max"}, 64 * mib, 0, 0},
		{v1Host, map[string]string{"memory.limit_in_bytes": "9223372036854771712", "memory.memsw.limit_in_bytes": "9223372036854771712"}, 0, 0, 32 * mib},
		{v1Host, map[string]string{"memory.limit_in_bytes": "9223372036854710272", "memory.soft_limit_in_bytes": "9223372036854775807"}, 0, 64 * mib, 0},
		{v1Host, map[string]string{"memory.limit_in_bytes": "67108864", "memory.memsw.limit_in_bytes": "134217728"}, 64 * mib, 128 * mib, 32 * mib},
	} {
		root := host(t, c.host)
		r, dir := group(t, root)
		for f, content := range c.files {
			write(t, content+"\n", dir.Memory, f)
		}
		m := sample(t, r)
		assert.Equal(t, []uint64{c.limit, c.both, c.lower}, []uint64{m.Limit, m.MemorySwapLimit, m.SoftLimit}, "%v", c.files)
	}
}

func TestGroupWithoutProcessesIsGone(t *testing.T) {
	for _, name := range []string{v1Host, v2Host} {
		r, dir := group(t, host(t, name))
		write(t, "0\n", dir.Pids, "pids.current")
		m := profile.Memory{Usage: 7}
		err := r.Sample(context.Background(), &m)
		assert.ErrorIs(t, err, profile.ErrGone)
		assert.ErrorContains(t, err, "no process is left in the cgroup")
		assert.Equal(t, profile.Memory{Usage: 7}, m)
	}
}

func TestOpenOfARemovedGroupIsGone(t *testing.T) {
	root := host(t, v2Host)
	dir, err := find(root, pid, container)
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(dir.Memory))
	_, err = Open(dir)
	assert.ErrorIs(t, err, profile.ErrGone)
	assert.ErrorContains(t, err, "the cgroup has been removed")
}

func TestSampleHeedsItsContext(t *testing.T) {
	r, _ := group(t, "testdata/"+v2Host)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	assert.ErrorIs(t, r.Sample(ctx, &profile.Memory{}), context.Canceled)
}

// FuzzParse has every file's parser read the same data: it must not panic, and what
// it takes for a number must be one.
func FuzzParse(f *testing.F) {
	for name := range wrong {
		f.Add([]byte(wrong[name].content))
	}
	for _, pattern := range []string{"testdata/*/sys/fs/cgroup/*/*/*", "testdata/*/sys/fs/cgroup/*/*", "testdata/v1-docker/sys/fs/cgroup/*/*/*/*"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, file := range files {
			if data, err := os.ReadFile(file); err == nil {
				f.Add(data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var m profile.Memory
		var none handle
		for _, s := range append(specs(Dir{Version: 1, CPU: "c", Pids: "p"}), specs(Dir{Version: 2})...) {
			f := newFile(s, none, &m)
			if f.parse(data) != nil {
				continue
			}
			for _, figure := range f.want[:f.known] {
				require.True(t, *figure.to <= math.MaxInt64 || *figure.to == unlimited, "%s %q", s.path, data)
			}
		}
	})
}
