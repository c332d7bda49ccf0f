package process

import (
	"github.com/memgate/memgate/profile"
)

// Source is where a process's memory is read.
type Source struct {
	profile.Sampler
	Kind  string // "cgroup v1 files", "cgroup v2 files", "/proc"
	Why   string // if it is not the files: why not
	Close func() error
}
