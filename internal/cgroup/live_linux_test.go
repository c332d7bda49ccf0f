package cgroup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/profile"
)

// held is what the child of these tests holds, in bytes.
const held = 32 << 20

// TestMain is also the child of TestLiveGroup: it waits to be moved into its group,
// takes memory, and holds it until its input ends.
func TestMain(m *testing.M) {
	if os.Getenv("MEMGATE_CGROUP_TEST_CHILD") == "" {
		os.Exit(m.Run())
	}
	in := bufio.NewReader(os.Stdin)
	_, _ = in.ReadString('\n')
	memory := make([]byte, held)
	for i := 0; i < len(memory); i += 4096 {
		memory[i] = 1
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, in)
	os.Exit(int(memory[0]) - 1)
}

// newGroup makes a control group with the memory controller on this machine, and
// skips the test where that is not possible.
func newGroup(t *testing.T) (dir string) {
	t.Helper()
	var err error
	for _, parent := range []string{"/sys/fs/cgroup/memory", "/sys/fs/cgroup"} {
		dir = filepath.Join(parent, fmt.Sprintf("memgate-test-%d", os.Getpid()))
		if err = os.Mkdir(dir, 0o755); err != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(dir) })
		for _, usage := range []string{"memory.usage_in_bytes", "memory.current"} {
			if _, err = os.Stat(filepath.Join(dir, usage)); err == nil {
				return dir
			}
		}
	}
	t.Skipf("no cgroup with the memory controller can be made here: %v", err)
	return ""
}

// start runs the child in the group.
func start(t *testing.T, group string) (child *exec.Cmd, stop func()) {
	t.Helper()
	child = exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "MEMGATE_CGROUP_TEST_CHILD=1")
	in, err := child.StdinPipe()
	require.NoError(t, err)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	stop = func() {
		_ = in.Close()
		_ = child.Wait()
	}
	t.Cleanup(stop)
	require.NoError(t, os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(child.Process.Pid)), 0o600))
	_, err = io.WriteString(in, "go\n")
	require.NoError(t, err)
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "ready\n", line)
	return child, stop
}

func descriptors(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(open)
}

func TestLiveGroup(t *testing.T) {
	name := newGroup(t)
	child, stop := start(t, name)
	dir, err := Find(child.Process.Pid, filepath.Base(name))
	require.NoError(t, err)
	assert.Equal(t, name, dir.Memory)
	r, err := Open(dir)
	require.NoError(t, err)
	m := sample(t, r)

	assert.InDelta(t, number1(t, name, "memory.usage_in_bytes", "memory.current"), m.Usage, 256<<10, "one page batch")
	assert.GreaterOrEqual(t, m.WorkingSet, uint64(held))
	assert.Equal(t, m.Usage-min(m.Usage, m.InactiveFile), m.WorkingSet)
	assert.Eventually(t, func() bool { // the kernel adds up memory.stat every 2 s
		m = sample(t, r)
		return m.Anon >= held && m.Anon <= m.Usage
	}, 5*time.Second, 100*time.Millisecond, "anonymous memory of a child that holds %d", held)
	assert.Zero(t, m.Limit)
	write(t, "536870912", name, map[int]string{1: "memory.limit_in_bytes", 2: "memory.max"}[dir.Version])
	assert.Equal(t, uint64(512<<20), sample(t, r).Limit)

	assertPeak(t, r, name)

	stop()
	require.NoError(t, os.Remove(name))
	last := m
	err = r.Sample(context.Background(), &m)
	assert.ErrorIs(t, err, profile.ErrGone)
	assert.Equal(t, last, m)
	require.NoError(t, r.Close())
}

// assertPeak has a second child come and go between two samples.
func assertPeak(t *testing.T, r *Reader, group string) {
	t.Helper()
	if err := r.ResetPeak(); errors.Is(err, errors.ErrUnsupported) {
		t.Log(err)
		return
	}
	before := sample(t, r)
	_, stop := start(t, group)
	stop()
	after := sample(t, r)
	assert.Less(t, before.PeakUsage, before.Usage+(1<<20))
	assert.GreaterOrEqual(t, after.PeakUsage, before.Usage+held)
	assert.Less(t, after.Usage, before.Usage+held)
	require.NoError(t, r.ResetPeak())
	assert.Less(t, sample(t, r).PeakUsage, before.Usage+held)
}

// number1 is the number in the first of these files that there is.
func number1(t *testing.T, dir string, names ...string) uint64 {
	t.Helper()
	for _, name := range names {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
			v, err := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 64)
			require.NoError(t, err)
			return v
		}
	}
	require.Fail(t, "no such file", "%v in %s", names, dir)
	return 0
}

// TestGroupRemovedWhileSampled removes a group in the middle of sampling, and of
// opening, many times: each ends with ErrGone, never with zeros.
func TestGroupRemovedWhileSampled(t *testing.T) {
	name := newGroup(t)
	require.NoError(t, os.Remove(name))
	open := descriptors(t)
	for i := range 1000 {
		require.NoError(t, os.Mkdir(name, 0o755))
		removed := make(chan error)
		go func() {
			time.Sleep(time.Duration(i) * time.Microsecond)
			removed <- os.Remove(name)
		}()
		err := sampleUntilGone(liveDir(name))
		require.NoError(t, <-removed)
		require.ErrorIs(t, err, profile.ErrGone)
	}
	assert.Equal(t, open, descriptors(t))
}

func liveDir(name string) Dir {
	if strings.HasPrefix(name, "/sys/fs/cgroup/memory/") {
		return Dir{Version: 1, Memory: name, Host: "/proc/pressure/memory"}
	}
	return Dir{Version: 2, Memory: name, CPU: name, Pids: name, Host: "/proc/pressure/memory"}
}

func sampleUntilGone(dir Dir) error {
	r, err := Open(dir)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		m := profile.Memory{Usage: 1}
		if err := r.Sample(context.Background(), &m); err != nil {
			if m.Usage != 1 {
				return fmt.Errorf("a failed sample left %+v", m)
			}
			return err
		}
	}
}
