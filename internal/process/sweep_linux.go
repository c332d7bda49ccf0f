package process

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/memgate/memgate/internal/cgroup"
	"github.com/memgate/memgate/internal/owner"
)

// removeMarked ends the processes that carry our mark in their environment, and whose
// owner and item suit: children of a target that have left its groups are found by it.
// It looks again until it finds none, because one may just be making another.
func removeMarked(suits func(o owner.Owner, item string) bool) {
	for range 10 {
		found := false
		entries, _ := os.ReadDir("/proc")
		for _, e := range entries {
			pid, err := strconv.Atoi(e.Name())
			if err != nil || pid == os.Getpid() {
				continue
			}
			if o, item, ok := markOf(pid); ok && suits(o, item) {
				found = syscall.Kill(pid, syscall.SIGKILL) == nil || found
			}
		}
		if !found {
			return
		}
	}
}

// markOf reads whose the process is. The environment of a zombie, and of another
// user's, cannot be read: it is nobody's.
func markOf(pid int) (o owner.Owner, item string, ok bool) {
	env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		return owner.Owner{}, "", false
	}
	for variable := range bytes.SplitSeq(env, []byte{0}) {
		if words, ours := bytes.CutPrefix(variable, []byte(marker+"=")); ours {
			o, item = owner.Parse(string(words))
			return o, item, true
		}
	}
	return owner.Owner{}, "", false
}

// removeGroupsOf removes the groups of ours whose owner and item suit, where this
// process would make its own.
func removeGroupsOf(suits func(o owner.Owner, item string) bool) {
	own, version, err := cgroup.Own()
	if err != nil {
		return
	}
	parents := []string{own}
	if version == 2 {
		parents = delegating(own)
	}
	for _, parent := range parents {
		found, _ := filepath.Glob(filepath.Join(parent, groupPrefix+"*"))
		for _, dir := range found {
			if o, item, ours := ownerOfGroup(filepath.Base(dir)); ours && suits(o, item) {
				_ = (&group{version: version, dir: dir}).remove()
			}
		}
	}
}
