//go:build unix

package holders_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/holders"
	"github.com/memgate/memgate/internal/holders/freeze"
)

// holdStill is what the test's helper process does: it stops a process, or a child of
// its own, and never lets it go.
func holdStill() {
	pid, _ := strconv.Atoi(os.Getenv("HOLDERS_TEST_HELPER"))
	if pid == 0 {
		child := exec.Command("/bin/sleep", "60")
		if err := child.Start(); err != nil {
			fmt.Println(err)
			return
		}
		pid = child.Process.Pid
	}
	if _, err := freeze.Stop(pid, time.Minute); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(pid)
	time.Sleep(time.Minute)
}

// state is a process's, by its first letter.
func state(t *testing.T, pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(t, err)
	return strings.Fields(string(text[strings.LastIndex(string(text), ")")+1:]))[0]
}

// TestTargetGoesOnWhenTheReaderIsKilled: whoever kills a test must not leave a stopped
// service behind.
func TestTargetGoesOnWhenTheReaderIsKilled(t *testing.T) {
	for _, child := range []bool{false, true} {
		t.Run(fmt.Sprintf("child=%v", child), func(t *testing.T) {
			pid := "child"
			if !child {
				pid = strconv.Itoa(start(t, executable(t, build{}), "healthy", false).pid)
			}
			self, err := os.Executable()
			require.NoError(t, err)
			helper := exec.Command(self)
			helper.Env = append(os.Environ(), "HOLDERS_TEST_HELPER="+pid)
			out, err := helper.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, helper.Start())
			said, err := bufio.NewReader(out).ReadString('\n')
			require.NoError(t, err)
			stopped, err := strconv.Atoi(strings.TrimSpace(said))
			if err != nil {
				_ = helper.Process.Kill()
				_ = helper.Wait()
				t.Skip(said)
			}
			defer func() {
				if child {
					_ = syscall.Kill(stopped, syscall.SIGKILL)
				}
			}()
			assert.Equal(t, "t", strings.ToLower(state(t, stopped)), "it stands still")

			require.NoError(t, helper.Process.Kill())
			_ = helper.Wait()
			assert.Eventually(t, func() bool { return strings.ToLower(state(t, stopped)) != "t" }, 5*time.Second, time.Millisecond, "it goes on")
		})
	}
}

func TestAStopEndsByItself(t *testing.T) {
	tg := start(t, executable(t, build{}), "healthy", false)
	s, err := freeze.Stop(tg.pid, 50*time.Millisecond)
	require.NoError(t, err)
	require.NoError(t, tg.get("/x"), "it answers although nobody let it go")
	_, err = s.Release()
	require.ErrorContains(t, err, "longer than the target may stand still")
}

func TestATargetThatDiesMeanwhile(t *testing.T) {
	tg := start(t, executable(t, build{}), "slice", false)
	s, err := freeze.Stop(tg.pid, time.Minute)
	require.NoError(t, err)
	tg.kill()
	_, err = s.Release()
	require.ErrorContains(t, err, "ended while its heap was being read")

	tg = start(t, executable(t, build{}), "slice", false)
	r := tg.open(holders.Limits{})
	tg.snapshot(r)
	tg.kill()
	assert.Eventually(t, func() bool { _, err := r.Snapshot(); return err != nil }, 5*time.Second, time.Millisecond)
}

// TestManyDeaths kills targets at all moments of a snapshot.
func TestManyDeaths(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts twenty processes")
	}
	exe := executable(t, build{})
	for i := range 20 {
		tg := start(t, exe, "slice", false)
		r := tg.open(holders.Limits{})
		time.AfterFunc(time.Duration(i)*400*time.Microsecond, tg.kill)
		done := make(chan error, 1)
		go func() {
			for {
				if _, err := r.Snapshot(); err != nil {
					done <- err
					return
				}
			}
		}()
		select {
		case err := <-done:
			assert.Error(t, err)
		case <-time.After(20 * time.Second):
			t.Fatal("a snapshot of a dead target hangs")
		}
	}
}

func TestAChildOfThisProcess(t *testing.T) {
	g := start(t, executable(t, build{}), "server", true).grown()
	require.NotEmpty(t, g.Holders, g.WhyNot)
	assert.Equal(t, "field main.server.sessions", name(g.Holders[0]))
}

// TestSnapshotsUnderLoad: nobody should read under load, and nothing breaks where
// somebody does; nor while threads come and go.
func TestSnapshotsUnderLoad(t *testing.T) {
	for _, shape := range []string{"healthy", "threads"} {
		t.Run(shape, func(t *testing.T) { snapshotsUnderLoad(t, shape) })
	}
}

func snapshotsUnderLoad(t *testing.T, shape string) {
	snapshots := 200
	if testing.Short() {
		snapshots = 20
	}
	tg := start(t, executable(t, build{}), shape, false)
	r := tg.open(holders.Limits{})
	tg.snapshot(r)
	stop := make(chan struct{})
	var sent, failed atomic.Int64
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if tg.get("/x") != nil {
					failed.Add(1)
				}
				sent.Add(1)
			}
		})
	}
	began, bad := time.Now(), 0
	var longest time.Duration
	for range snapshots {
		p, err := r.Snapshot()
		if !assert.NoError(t, err) {
			bad++
			continue
		}
		longest = max(longest, p.Stopped)
	}
	rate := float64(sent.Load()) / time.Since(began).Seconds()
	close(stop)
	clients.Wait()
	assert.Zero(t, bad)
	assert.Zero(t, failed.Load(), "no request fails")
	require.NoError(t, tg.get("/x"))
	t.Logf("%d snapshots at %.0f requests per second, longest stop %v", snapshots, rate, longest)
}

func TestTooLargeAHeapIsDeclined(t *testing.T) {
	tg := start(t, executable(t, build{}), "healthy", false)
	_, err := tg.open(holders.Limits{Bytes: 1000}).Snapshot()
	require.ErrorContains(t, err, "above the limit")
	_, err = tg.open(holders.Limits{Objects: 10}).Snapshot()
	require.ErrorContains(t, err, "above the limit")
}

// TestARestartedTarget: what was opened is read, and not what has its number now.
func TestARestartedTarget(t *testing.T) {
	exe := executable(t, build{})
	tg := start(t, exe, "slice", false)
	r := tg.open(holders.Limits{})
	tg.snapshot(r)
	tg.kill()
	start(t, exe, "slice", false)
	require.Eventually(t, func() bool { _, err := r.Snapshot(); return err != nil }, 5*time.Second, time.Millisecond)
	_, err := r.Snapshot()
	require.ErrorContains(t, err, "has ended since")
}
