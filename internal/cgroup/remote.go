package cgroup

import (
	"fmt"
	"path"
	"strings"

	"github.com/memgate/memgate/profile"
)

// Remote makes figures of a control group's files that were read elsewhere: inside the
// container, where the group is at the root of its mounts. It is for one goroutine.
type Remote struct {
	files []*file // the one with the usage first
	r     Reader  // its figures
}

// NewRemote is for files of that version of cgroup, 1 or 2.
func NewRemote(version int) *Remote {
	const root = "/sys/fs/cgroup"
	dir := Dir{Version: 2, Memory: root, CPU: root, Pids: root, Host: "/proc/pressure/memory"}
	if version == 1 {
		dir = Dir{Version: 1, Memory: root + "/memory", CPU: root + "/cpu", Pids: root + "/pids", Host: dir.Host}
	}
	remote := &Remote{r: Reader{swapAlone: version == 2}}
	var none handle
	for _, s := range specs(dir) {
		s.path = path.Clean(strings.ReplaceAll(s.path, "\\", "/"))
		remote.files = append(remote.files, newFile(s, none, &remote.r.now))
	}
	return remote
}

// Paths returns the files to read. Some may not be there.
func (r *Remote) Paths() []string {
	var paths []string
	for _, f := range r.files {
		paths = append(paths, f.path)
	}
	return paths
}

// Parse makes figures of what was in the files. It fails if the usage is not among
// them, and if a file is not understood.
func (r *Remote) Parse(content map[string][]byte) (profile.Memory, error) {
	var have profile.FieldSet
	for i, f := range r.files {
		data, ok := content[f.path]
		switch {
		case (!ok || len(data) == 0) && i == 0:
			return profile.Memory{}, fmt.Errorf("read %s: it is not there: the container does not see its own cgroup", f.path)
		case !ok || len(data) == 0:
			f.learn(nil) // what it told before
			continue
		}
		if err := f.parse(data); err != nil {
			return profile.Memory{}, err
		}
		have |= f.have
	}
	r.r.now.Missing = everything &^ r.r.derive(have)
	return r.r.now, nil
}
