// Package cgroup reads the memory figures of a process's control group, version 1
// or 2, from the files of the kernel: fast and often, without allocating, and
// without ever taking a file that is missing, cut short or wrong for a zero.
package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/memgate/memgate/profile"
)

// Dir is where the files of one control group are, as found by Find. On cgroup v2
// the three folders are the same.
type Dir struct {
	Version int    // 1 or 2
	Memory  string // folder of the memory controller's files
	CPU     string // folder with cpu.stat; "" if there is none for this group
	Pids    string // folder with pids.current; "" if there is none for this group
	Host    string // file with the memory pressure of the whole host
}

// UnseenError says why the files of a process's control group cannot be read from
// here, although the process may well be alive: another source must be used.
type UnseenError struct {
	Pid int
	Why string // in words: "/proc/12/cgroup shows /../..: private cgroup namespace"
	Err error  // what the system said; nil if it said nothing
}

// Error names the process and the reason.
func (e *UnseenError) Error() string {
	return fmt.Sprintf("find memory cgroup of process %d: %s", e.Pid, e.Why)
}

// Unwrap returns what the system said.
func (e *UnseenError) Unwrap() error { return e.Err }

// Find returns the control group with the memory controller that the process is in. No
// path is made from the container's ID: the kernel is asked. The ID is what proves
// that the kernel asked is the container's own (the engine may be far away, or in a
// VM), and which of nested groups is the container's; "" takes the process's own
// group, whatever its name.
//
// It fails with an *UnseenError, or with an error that wraps profile.ErrGone if the
// process is no more.
func Find(pid int, containerID string) (Dir, error) {
	return find("/", pid, containerID)
}

// find is Find below root, which tests point at a folder with recorded files.
func find(root string, pid int, containerID string) (Dir, error) {
	s := search{root: root, pid: pid, id: containerID}
	groups, err := s.groups()
	if err != nil {
		return Dir{}, err
	}
	mounts, err := s.mounts()
	if err != nil {
		return Dir{}, err
	}
	if group, ok := groups["memory"]; ok {
		return s.v1(group, groups, mounts)
	}
	if group, ok := groups[""]; ok {
		return s.v2(group, mounts)
	}
	return Dir{}, s.unseen(nil, "%s names no memory controller: boot the kernel with it (cgroup_enable=memory)", s.groupsFile())
}

// search is one call of find.
type search struct {
	root string
	pid  int
	id   string
}

func (s search) unseen(err error, format string, args ...any) error {
	return &UnseenError{Pid: s.pid, Why: fmt.Sprintf(format, args...), Err: err}
}

// groupsFile returns the path of the file with the process's groups, for people.
func (s search) groupsFile() string { return "/proc/" + strconv.Itoa(s.pid) + "/cgroup" }

// on returns where a path of the machine is below root.
func (s search) on(p string) string { return filepath.Join(s.root, filepath.FromSlash(p)) }

func (s search) groups() (map[string]string, error) {
	data, err := os.ReadFile(s.on(s.groupsFile()))
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH):
		if _, err := os.Stat(s.on("/proc/self")); err != nil {
			return nil, s.unseen(err, "there is no /proc: this is not Linux, or it is not mounted")
		}
		return nil, fmt.Errorf("find memory cgroup: no process %d here: %w", s.pid, profile.ErrGone)
	case err != nil:
		return nil, s.unseen(err, "%v", err)
	}
	groups, err := parseGroups(data)
	if err != nil {
		return nil, s.unseen(nil, "%s: %v", s.groupsFile(), err)
	}
	return groups, nil
}

func (s search) mounts() ([]mount, error) {
	data, err := os.ReadFile(s.on("/proc/self/mountinfo"))
	if err != nil {
		return nil, s.unseen(err, "%v", err)
	}
	mounts, err := parseMounts(data)
	if err != nil {
		return nil, s.unseen(nil, "/proc/self/mountinfo: %v", err)
	}
	return mounts, nil
}

func (s search) v2(group string, mounts []mount) (Dir, error) {
	dir, err := s.memory(group, mounts, "", "memory.current")
	return Dir{Version: 2, Memory: dir, CPU: dir, Pids: dir, Host: s.host()}, err
}

// v1 takes the CPU and task figures only from groups of the same name: those of a
// group with other processes in it are not the target's.
func (s search) v1(group string, groups map[string]string, mounts []mount) (Dir, error) {
	dir, err := s.memory(group, mounts, "memory", "memory.usage_in_bytes")
	if err != nil {
		return Dir{}, err
	}
	found := Dir{Version: 1, Memory: dir, Host: s.host()}
	if groups["cpu"] == group {
		found.CPU = s.locate(s.outermost(group), mounts, "cpu", "cpu.stat")
	}
	if groups["pids"] == group {
		found.Pids = s.locate(s.outermost(group), mounts, "pids", "pids.current")
	}
	return found, nil
}

func (s search) host() string { return s.on("/proc/pressure/memory") }

// memory returns the folder of the group's memory files, verified to be the target's.
func (s search) memory(group string, mounts []mount, controller, usage string) (string, error) {
	switch {
	case strings.HasSuffix(group, " (deleted)"):
		return "", fmt.Errorf("find memory cgroup of process %d: %s has been removed: %w", s.pid, group, profile.ErrGone)
	case path.Clean("/"+group) != group:
		return "", s.unseen(nil, "%s shows %s: private cgroup namespace: run the test on the engine's host", s.groupsFile(), group)
	case !strings.Contains(group, s.id):
		return "", s.unseen(nil, "the path %s does not name the container %.12s: the engine does not share this kernel", group, s.id)
	}
	own := s.locate(group, mounts, controller, "cgroup.procs")
	if own == "" {
		return "", s.unseen(nil, "the folder of %s is not below any cgroup mount that is visible here", group)
	}
	if err := s.lists(own); err != nil {
		return "", err
	}
	dir := s.locate(s.outermost(group), mounts, controller, usage)
	if dir == "" {
		return "", s.unseen(nil, "no memory controller: %s has no %s", s.outermost(group), usage)
	}
	return dir, nil
}

// lists verifies that the process is in the group of that folder.
func (s search) lists(dir string) error {
	procs, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if err != nil {
		return s.unseen(err, "%v", err)
	}
	pids := bytes.Fields(procs)
	if len(pids) == 0 {
		return s.unseen(nil, "%s is empty: the processes are in another cgroup", filepath.Join(dir, "cgroup.procs"))
	}
	for _, pid := range pids {
		if string(pid) == strconv.Itoa(s.pid) {
			return nil
		}
	}
	return s.unseen(nil, "%s does not list the process: its number is of another PID namespace", filepath.Join(dir, "cgroup.procs"))
}

// outermost returns the first group on the path that the container's ID names. Podman
// under systemd, and any container with an init system, puts processes into groups
// below it, while limits and the sum of all are there.
func (s search) outermost(group string) string {
	if s.id == "" {
		return group
	}
	at := strings.Index(group, s.id) + len(s.id)
	if end := strings.IndexByte(group[at:], '/'); end >= 0 {
		return group[:at+end]
	}
	return group
}

// locate returns the folder of the group, below the mount of that v1 controller ("" for
// v2) in which the file exists; "" if there is none.
func (s search) locate(group string, mounts []mount, controller, file string) string {
	for _, m := range mounts {
		below, ok := m.below(group)
		if !ok || !m.holds(controller) {
			continue
		}
		dir := s.on(path.Join(m.point, below))
		if _, err := os.Stat(filepath.Join(dir, file)); err == nil {
			return dir
		}
	}
	return ""
}
