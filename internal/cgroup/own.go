package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/memgate/memgate/profile"
)

// Own returns the folder of this process's own group in the hierarchy of the memory
// controller, and the hierarchy's version, 1 or 2. It fails with an *UnseenError.
func Own() (dir string, version int, err error) {
	s := search{root: "/", pid: os.Getpid()}
	groups, err := s.groups()
	if err != nil {
		return "", 0, err
	}
	mounts, err := s.mounts()
	if err != nil {
		return "", 0, err
	}
	version, controller := 2, ""
	group, ok := groups["memory"]
	if ok {
		version, controller = 1, "memory"
	} else {
		group = groups[""]
	}
	dir = s.locate(group, mounts, controller, "cgroup.procs")
	if dir == "" {
		return "", 0, s.unseen(nil, "the folder of %s is not below any cgroup mount that is visible here", group)
	}
	return dir, version, nil
}

// Processes returns the IDs of the processes in the group and in those below it. It fails
// with an error that wraps profile.ErrGone if the group is no more.
func (d Dir) Processes() ([]int, error) {
	var pids []int
	err := filepath.WalkDir(d.Memory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return below(path, d.Memory, err)
		}
		data, err := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		if err != nil {
			return below(path, d.Memory, err)
		}
		for pid := range strings.FieldsSeq(string(data)) {
			n, err := strconv.Atoi(pid)
			if err != nil {
				return fmt.Errorf("read %s: %q is no process ID", filepath.Join(path, "cgroup.procs"), pid)
			}
			pids = append(pids, n)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list processes of cgroup: %w", err)
	}
	slices.Sort(pids)
	return slices.Compact(pids), nil
}

// below forgives that a group below the target's came to its end meanwhile.
func below(path, top string, err error) error {
	gone := errors.Is(err, fs.ErrNotExist) || isRemoved(err)
	switch {
	case gone && path == top:
		return fmt.Errorf("%w: %w", profile.ErrGone, err)
	case gone:
		return nil
	}
	return err
}
