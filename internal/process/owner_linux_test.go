package process

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/owner"
)

// TestOwner is what TestWhatADeadOwnerLeaves runs as a process of its own.
func TestOwner(t *testing.T) {
	if os.Getenv(ownerTest) == "" {
		t.Skip("only for the test that starts it")
	}
	s := Spec{GoPackage: serverPackage, ReadyPath: "/"}
	if path := os.Getenv(serverPath); path != "" {
		s.GoPackage, s.Command = "", []string{path}
	}
	p, err := Start(t.Context(), s)
	require.NoError(t, err)
	_, _ = os.Stdout.WriteString("pids: " + strconv.Itoa(p.info.PID) + " " + strings.ReplaceAll(get(t, p, "/children"), "\n", " ") + "\n")
	_, _ = os.Stdout.WriteString("group: " + p.info.Group + "\n")
	time.Sleep(time.Minute)
}

func TestWhatADeadOwnerLeaves(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			dir := t.TempDir()
			cmd := exec.Command(os.Args[0], "-test.run=^TestOwner$", "-test.timeout=90s")
			cmd.Env = append(os.Environ(), ownerTest+"=1", "TMPDIR="+dir)
			if sig != syscall.SIGTERM { // that one compiles it, and leaves no folder of that either
				path, err := server()
				require.NoError(t, err)
				cmd.Env = append(cmd.Env, serverPath+"="+path)
			}
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			var pids []int
			var group string
			for lines := bufio.NewScanner(out); group == "" && lines.Scan(); {
				if words, ok := strings.CutPrefix(lines.Text(), "pids: "); ok {
					for pid := range strings.FieldsSeq(words) {
						n, err := strconv.Atoi(pid)
						require.NoError(t, err)
						pids = append(pids, n)
					}
				}
				group, _ = strings.CutPrefix(lines.Text(), "group: ")
				if !strings.HasPrefix(lines.Text(), "group: ") {
					group = ""
				}
			}
			require.Len(t, pids, 3)
			require.NoError(t, cmd.Process.Signal(sig))
			_ = cmd.Wait()
			status := cmd.ProcessState.Sys().(syscall.WaitStatus)
			assert.True(t, status.Signaled() && status.Signal() == sig, "it dies of the signal: %v", status)
			if sig == syscall.SIGKILL {
				assert.Eventually(t, func() bool { return !lives(pids[0]) }, 5*time.Second, 5*time.Millisecond, "the kernel ends the target itself")
				removeOwned(func(o owner.Owner, _ string) bool { return o.Dead() })
			}
			for _, pid := range pids {
				assert.Eventually(t, func() bool { return !lives(pid) }, 5*time.Second, 5*time.Millisecond)
			}
			if group != "" {
				assert.NoDirExists(t, group)
			}
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			if sig != syscall.SIGKILL {
				assert.Empty(t, left)
			}
		})
	}
}

func TestGroupNameTellsItsOwner(t *testing.T) {
	o, item, ok := ownerOfGroup(groupName("it"))
	require.True(t, ok)
	assert.Equal(t, "it", item)
	assert.Equal(t, owner.Self(), o)
	assert.False(t, o.Dead())
	o, _, ok = ownerOfGroup("memgate-it-" + strconv.Itoa(owner.Self().PID) + "-1-" + strings.Trim(owner.Self().PIDNS, "pid:[]"))
	assert.True(t, ok && o.Dead(), "another process had this number")
	o, _, ok = ownerOfGroup("memgate-it-1073741824-1-1")
	assert.False(t, ok && o.Dead(), "of another PID namespace nothing is known")
	for _, name := range []string{"", "memgate-", "memgate-test-17", "memgate-a-b-c-d", "other-a-1-2-3"} {
		_, _, ok := ownerOfGroup(name)
		assert.False(t, ok, name)
	}
}

// FuzzOwnerOfGroup: names of folders are anybody's.
func FuzzOwnerOfGroup(f *testing.F) {
	f.Add(groupName("it"))
	f.Fuzz(func(t *testing.T, name string) {
		if o, _, ok := ownerOfGroup(name); ok && o.PID == 0 && o.Dead() {
			t.Fatal("nobody is dead")
		}
	})
}
