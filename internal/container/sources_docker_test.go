package container

import (
	"context"
	"debug/elf"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/testcontainers/testcontainers-go"

	"github.com/memgate/memgate/internal/cgroup"
	"github.com/memgate/memgate/internal/gobuild"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile"
)

// withShell is the build context of the tests' server with a shell beside it: this
// machine's busybox if it needs no library, else a stand-in.
func withShell(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	static := []string{"CGO_ENABLED=0", "GOOS=linux"}
	_, err := gobuild.Compile(t.Context(), "", "./testdata/server", filepath.Join(dir, "app"), static...)
	require.NoError(t, err)
	if busybox, err := elf.Open("/bin/busybox"); err == nil && busybox.Section(".interp") == nil {
		body, err := os.ReadFile("/bin/busybox")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "sh"), body, 0o700))
	} else {
		_, err := gobuild.Compile(t.Context(), "", "./testdata/shell", filepath.Join(dir, "sh"), static...)
		require.NoError(t, err)
	}
	docker := "FROM scratch\nCOPY app /app\nCOPY sh /bin/sh\nCOPY sh /bin/grep\nENV PATH=/bin\nENTRYPOINT [\"/app\"]\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(docker), 0o600))
	return dir
}

func sampled(t *testing.T, s Source) profile.Memory {
	t.Helper()
	var m profile.Memory
	require.NoError(t, s.Sample(t.Context(), &m))
	return m
}

func TestSourcesAgree(t *testing.T) {
	needDocker(t)
	c := started(t, Spec{Context: withShell(t), Port: 8080, ReadyPath: "/", Memory: 256 << 20})
	get(t, c.URL()+"/leak?mb=64")
	from := func(name string) Source {
		c.spec.Source = name
		s, err := c.Sampler(t.Context())
		require.NoError(t, err, name)
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	best := from("")
	assert.Contains(t, best.Kind, "files", "the best there is")
	assert.Empty(t, best.Why)
	files := from(Files)
	pids, err := files.Processes()
	require.NoError(t, err)
	require.Len(t, pids, 1)

	stats := from(Stats)
	assert.Equal(t, "docker stats", stats.Kind)
	assert.Eventually(t, func() bool {
		a, b := sampled(t, files), sampled(t, stats)
		t.Logf("working set by the files %d B, by docker stats %d B", a.WorkingSet, b.WorkingSet)
		return within(a.WorkingSet, b.WorkingSet, 256<<10) && within(a.Anon, b.Anon, 256<<10)
	}, 20*time.Second, 300*time.Millisecond, "of the same moment, within a batch of pages")

	exec := from(Exec)
	assert.Equal(t, "exec in the container", exec.Kind)
	assert.Eventually(t, func() bool {
		a, b := sampled(t, files), sampled(t, exec)
		t.Logf("working set by the files %d B, by exec %d B", a.WorkingSet, b.WorkingSet)
		return a.Limit == b.Limit && within(a.WorkingSet, b.WorkingSet, 4<<20) && within(a.Anon, b.Anon, 4<<20) && b.Missing == a.Missing
	}, 20*time.Second, 300*time.Millisecond, "with the shell in it")
	require.NoError(t, exec.Close())
	waitUntil(t, func() bool {
		pids, err := files.Processes()
		return err == nil && len(pids) == 1
	}, "the shell ends")
}

func within(a, b, most uint64) bool { return max(a, b)-min(a, b) <= most }

func TestForcedSourceThatCannotBe(t *testing.T) {
	s := server(t)
	s.Source = Exec
	c := started(t, s)
	_, err := c.Sampler(t.Context())
	require.Error(t, err, "there is no shell in it")
	t.Log(err)
	assert.NotErrorIs(t, err, profile.ErrGone)
}

func TestRevivedContainerIsFoundAgain(t *testing.T) {
	for _, source := range []string{Files, Exec, Stats} {
		t.Run(source, func(t *testing.T) {
			s := server(t)
			if source == Exec {
				s.Ref, s.Context = "", withShell(t)
			}
			s.Source = source
			s.Options = options(testcontainers.WithHostConfigModifier(func(h *container.HostConfig) {
				h.RestartPolicy = container.RestartPolicy{Name: container.RestartPolicyOnFailure, MaximumRetryCount: 1}
			}))
			c := started(t, s)
			memory, err := c.Sampler(t.Context())
			require.NoError(t, err)
			defer memory.Close()
			before := sampled(t, memory)
			get(t, c.URL()+"/leak?mb=32")
			poke(c.URL() + "/exit?code=4")
			exit := endedBy(t, c)
			assert.True(t, exit.Revived, exit)

			var m profile.Memory
			waitUntil(t, func() bool {
				err := memory.Sample(t.Context(), &m)
				require.NotErrorIs(t, err, profile.ErrGone)
				return errors.Is(err, profile.ErrRevived)
			}, "found again")
			waitUntil(t, func() bool { return memory.Sample(t.Context(), &m) == nil }, "sampled again")
			assert.InDelta(t, before.WorkingSet, m.WorkingSet, 16<<20, "a life of its own")

			kill(t, c)
			exit = endedBy(t, c)
			assert.False(t, exit.Revived, exit)
			waitUntil(t, func() bool { return errors.Is(memory.Sample(t.Context(), &m), profile.ErrGone) }, "gone for good")
		})
	}
}

// kill kills the container's process from here.
func kill(t *testing.T, c *Container) {
	t.Helper()
	ctr, err := c.inspect(t.Context())
	require.NoError(t, err)
	p, err := os.FindProcess(ctr.State.Pid)
	require.NoError(t, err)
	require.NoError(t, p.Kill())
}

func endedBy(t *testing.T, c *Container) target.Exit {
	t.Helper()
	select {
	case exit := <-c.Exited():
		return exit
	case <-time.After(20 * time.Second):
		t.Fatal("no exit was seen")
		return target.Exit{}
	}
}

// TestContainerRemovedWhileSampled removes containers in the midst of sampling: it ends
// with ErrGone, never with zeros, and leaves nothing open. MEMGATE_REMOVALS says how
// many; 1,000 take a quarter of an hour.
func TestContainerRemovedWhileSampled(t *testing.T) {
	s := server(t)
	s.ReadyPath = ""
	removals := 5
	if n, err := strconv.Atoi(os.Getenv("MEMGATE_REMOVALS")); err == nil {
		removals = n
	}
	require.NoError(t, removedWhileSampled(t, s)) // connections that are kept are made
	descriptors, goroutines := openFiles(t), runtime.NumGoroutine()
	for range removals {
		require.NoError(t, removedWhileSampled(t, s))
	}
	// Not assert.Eventually: it asks in a goroutine of its own, which would be counted.
	left := func() bool { return openFiles(t) > descriptors || runtime.NumGoroutine() > goroutines }
	for until := time.Now().Add(10 * time.Second); left() && time.Now().Before(until); {
		time.Sleep(50 * time.Millisecond)
	}
	assert.False(t, left(), "%d descriptors and %d goroutines before, %d and %d after", descriptors, goroutines, openFiles(t), runtime.NumGoroutine())
}

func removedWhileSampled(t *testing.T, s Spec) error {
	c, err := Start(t.Context(), s)
	if err != nil {
		return err
	}
	memory, err := c.Sampler(t.Context())
	if err != nil {
		return errors.Join(err, c.Stop(t.Context()))
	}
	var samples atomic.Int64
	gone := make(chan error, 1)
	go func() {
		for {
			m := profile.Memory{}
			err := memory.Sample(context.Background(), &m)
			if err != nil || m.Usage == 0 {
				gone <- err
				return
			}
			samples.Add(1)
		}
	}()
	for samples.Load() < 100 {
		time.Sleep(time.Millisecond)
	}
	stopped := c.Stop(t.Context())
	err = <-gone
	assert.ErrorIs(t, err, profile.ErrGone)
	return errors.Join(stopped, memory.Close())
}

func openFiles(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(open)
}

// TestExecParsing: what the shell prints becomes the files again.
func TestExecParsing(t *testing.T) {
	remote := cgroup.NewRemote(2)
	record := []byte("/sys/fs/cgroup/memory.current:4096\n/sys/fs/cgroup/memory.stat:anon 100\n/sys/fs/cgroup/memory.stat:inactive_file 96\n")
	m, err := remote.Parse(filesOf(record))
	require.NoError(t, err)
	assert.Equal(t, uint64(4000), m.WorkingSet)
	assert.Equal(t, uint64(100), m.Anon)
	stream := append(append([]byte{}, record...), "\n\n/half"...)
	n, token, err := emptyLine(stream, true)
	require.NoError(t, err)
	assert.Equal(t, record, token)
	rest := stream[n:]
	n, token, _ = emptyLine(rest, true)
	assert.Equal(t, 1, n)
	assert.Empty(t, token)
	_, token, _ = emptyLine(rest[1:], true)
	assert.Nil(t, token, "half a record is none")
	n, _, _ = emptyLine(rest[1:], false)
	assert.Zero(t, n)
}

func FuzzExecParsing(f *testing.F) {
	f.Add([]byte("/sys/fs/cgroup/memory.current:4096\n/sys/fs/cgroup/memory.stat:anon 100\n\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		for len(stream) > 0 {
			n, record, err := emptyLine(stream, true)
			if n <= 0 || n > len(stream) || err != nil {
				t.Fatal(n, err)
			}
			if m, err := cgroup.NewRemote(2).Parse(filesOf(record)); err == nil && m.WorkingSet > m.Usage {
				t.Fatalf("%+v", m)
			}
			stream = stream[n:]
		}
	})
}
