package process

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/memgate/memgate/internal/cgroup"
	"github.com/memgate/memgate/internal/owner"
)

// group is a control group of one target's own.
type group struct {
	version int
	dir     string // of the memory controller
	ours    string // this process's own group, where its threads go back to
}

// newGroup makes a group near this process's own, with the memory controller.
func newGroup(item string) (*group, error) {
	own, version, err := cgroup.Own()
	if err != nil {
		return nil, err
	}
	parents := []string{own}
	if version == 2 {
		parents = delegating(own)
	}
	err = fmt.Errorf("no group above %s has the memory controller for groups below it", own)
	for _, parent := range parents {
		dir := filepath.Join(parent, groupName(item))
		if err = os.Mkdir(dir, 0o755); err == nil {
			return &group{version: version, dir: dir, ours: own}, nil
		}
	}
	return nil, fmt.Errorf("make cgroup: %w", err)
}

// groupPrefix begins the name of every group of ours.
const groupPrefix = "memgate-"

// groupName says whose the group is: the item, the process and its start.
func groupName(item string) string {
	self := owner.Self()
	return fmt.Sprintf("%s%s-%d-%s-%s", groupPrefix, item, self.PID, self.Start, strings.Trim(self.PIDNS, "pid:[]"))
}

// ownerOfGroup reads the name. No group outlives its boot, so that is not in it.
func ownerOfGroup(name string) (o owner.Owner, item string, ok bool) {
	rest, ours := strings.CutPrefix(name, groupPrefix)
	parts := strings.Split(rest, "-")
	if !ours || len(parts) != 4 {
		return owner.Owner{}, "", false
	}
	pid, err := strconv.Atoi(parts[1])
	self := owner.Self()
	o = owner.Owner{PID: pid, Start: parts[2], Boot: self.Boot, PIDNS: "pid:[" + parts[3] + "]"}
	if pid == self.PID && o.Start == self.Start && o.PIDNS == self.PIDNS {
		o = self
	}
	return o, parts[0], err == nil
}

// delegating returns the groups from dir upwards that give the memory controller to groups
// below them. On cgroup v2 that is never one with processes in it, except the root.
func delegating(dir string) (found []string) {
	for ; ; dir = filepath.Dir(dir) {
		given, err := os.ReadFile(filepath.Join(dir, "cgroup.subtree_control"))
		if err != nil {
			return found
		}
		if bytes.Contains(given, []byte("memory")) {
			found = append(found, dir)
		}
	}
}

// limit sets the limits, and reads them back: a kernel without swap accounting cannot
// keep a target from swapping, but then the machine as a rule has no swap.
func (g *group) limit(memory, swap int64) error {
	if memory == 0 {
		return nil
	}
	limits := []struct {
		file  string
		bytes int64
	}{{"memory.limit_in_bytes", memory}, {"memory.memsw.limit_in_bytes", memory + swap}}
	if g.version == 2 {
		limits[0].file = "memory.max"
		limits[1].file, limits[1].bytes = "memory.swap.max", swap
	}
	for i, l := range limits {
		err := os.WriteFile(filepath.Join(g.dir, l.file), []byte(strconv.FormatInt(l.bytes, 10)), 0o600)
		if err != nil && (i == 0 || !errors.Is(err, fs.ErrNotExist)) {
			return fmt.Errorf("limit process to %d B: %w: leave the limit out, or use a container", memory, err)
		}
	}
	return nil
}

// start starts the command in the group, so that nothing it ever uses is counted
// elsewhere. The calling goroutine has a thread of its own, which is not the main one.
func (g *group) start(cmd *exec.Cmd) (err error) {
	if g.version == 2 {
		dir, err := os.Open(g.dir)
		if err != nil {
			return err
		}
		defer func() { _ = dir.Close() }()
		cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(dir.Fd())
		return cmd.Start()
	}
	// A child begins in the group of the thread that makes it.
	if err := moveThread(g.dir); err != nil {
		return err
	}
	err = cmd.Start()
	if back := moveThread(g.ours); back != nil {
		if err == nil {
			_, err = cmd.Process.Kill(), cmd.Wait()
		}
		return errors.Join(back, err) // the thread is not used again
	}
	return err
}

// moveThread puts the calling thread into a group of cgroup v1.
func moveThread(dir string) error {
	id := strconv.Itoa(syscall.Gettid())
	if err := os.WriteFile(filepath.Join(dir, "tasks"), []byte(id), 0o600); err != nil {
		return fmt.Errorf("move thread to cgroup: %w", err)
	}
	return nil
}

// oomKills returns how many processes of the group the kernel has OOM-killed.
func (g *group) oomKills() uint64 {
	name := map[int]string{1: "memory.oom_control", 2: "memory.events"}[g.version]
	data, _ := os.ReadFile(filepath.Join(g.dir, name))
	for line := range bytes.Lines(data) {
		if rest, ok := bytes.CutPrefix(line, []byte("oom_kill ")); ok {
			n, _ := strconv.ParseUint(string(bytes.TrimSpace(rest)), 10, 64)
			return n
		}
	}
	return 0
}

// kill ends all processes in the group. It never ends this one, whose thread a group
// of cgroup v1 may hold for a moment.
func (g *group) kill() {
	if os.WriteFile(filepath.Join(g.dir, "cgroup.kill"), []byte("1"), 0o600) == nil {
		return
	}
	pids, _ := cgroup.Dir{Memory: g.dir}.Processes()
	for _, pid := range pids {
		if pid != os.Getpid() && pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// removeWait bounds how long killed processes may take to leave their group.
const removeWait = 5 * time.Second

// remove ends what is in the group and removes it, with those that were made below it.
func (g *group) remove() error {
	end := time.Now().Add(removeWait)
	for {
		err := removeGroups(g.dir)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("remove cgroup: %w: rmdir %s once its processes have ended", err, g.dir)
		}
		g.kill()
		time.Sleep(5 * time.Millisecond)
	}
}

// removeGroups removes the group and those below it, the innermost first.
func removeGroups(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := removeGroups(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return os.Remove(dir)
}
