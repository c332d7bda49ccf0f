package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/containerd/cgroups/v3/cgroup1"
	v1 "github.com/containerd/cgroups/v3/cgroup1/stats"
	"github.com/containerd/cgroups/v3/cgroup2"
	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/cgroups/fs"
	"github.com/opencontainers/cgroups/fs2"

	"github.com/memgate/memgate/internal/cgroup"
	"github.com/memgate/memgate/profile"
)

// Names of the ways.
const (
	ours       = "memgate: all figures"
	bare       = "bare system calls, the same files"
	readFile   = "os.ReadFile and a map, the same files"
	containerd = "containerd/cgroups/v3: Stat"
	onlyMemory = "containerd/cgroups/v3: memory alone"
	runc       = "opencontainers/cgroups: memory alone"
	runcAll    = "opencontainers/cgroups: GetStats"
)

// mount is where the hierarchies are.
const mount = "/sys/fs/cgroup"

// target is a process in a group of its own, in all hierarchies as a container is.
type target struct {
	dir     cgroup.Dir
	groups  []string // its folders
	below   string   // its path below each hierarchy
	files   []string
	process *exec.Cmd
}

func newTarget() (*target, error) {
	own, version, err := cgroup.Own()
	if err != nil {
		return nil, err
	}
	parent := "." // hierarchies of version 1 have this process in different places
	if version == 2 {
		// A group with processes in it gives controllers to none below it.
		if parent, err = filepath.Rel(mount, filepath.Dir(own)); err != nil {
			return nil, err
		}
	}
	name := "memgate-bench-" + strconv.Itoa(os.Getpid())
	t := &target{process: exec.Command("sleep", "3600"), below: filepath.Join("/", parent, name)}
	if err := t.process.Start(); err != nil {
		return nil, err
	}
	pid := t.process.Process.Pid
	if err = t.join(version, pid); err == nil {
		t.dir, err = cgroup.Find(pid, name)
	}
	if err != nil {
		t.close()
		return nil, fmt.Errorf("make a cgroup to be sampled: %w: run this as root", err)
	}
	t.files = t.there()
	return t, nil
}

// join makes the groups and puts the process into them.
func (t *target) join(version, pid int) error {
	tops := []string{mount}
	if version == 1 {
		tops, _ = filepath.Glob(filepath.Join(mount, "*"))
	}
	for _, top := range tops {
		if _, err := os.Stat(filepath.Join(top, "cgroup.procs")); err != nil {
			continue
		}
		dir := filepath.Join(top, t.below)
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
		t.groups = append(t.groups, dir)
		if filepath.Base(top) == "cpuset" { // whose groups begin without a core
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// there returns the files that the sampler reads: those of its files that this kernel has.
func (t *target) there() []string {
	var found []string
	for _, path := range cgroup.NewRemote(t.dir.Version).Paths() {
		name := filepath.Base(path)
		for _, dir := range []string{t.dir.Memory, t.dir.CPU, t.dir.Pids} {
			if dir == "" {
				continue
			}
			if _, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
				found = append(found, filepath.Join(dir, name))
				break
			}
		}
	}
	if _, err := os.ReadFile(t.dir.Host); err == nil {
		found = append(found, t.dir.Host)
	}
	return found
}

func (t *target) close() {
	_ = t.process.Process.Kill()
	_ = t.process.Wait()
	for _, dir := range t.groups {
		_ = os.Remove(dir)
	}
}

func (t *target) ways() ([]*way, error) {
	reader, err := cgroup.Open(t.dir)
	if err != nil {
		return nil, err
	}
	var m profile.Memory
	syscalls, err := t.syscalls()
	if err != nil {
		return nil, err
	}
	ways := []*way{
		{name: ours, sample: func() error { return reader.Sample(context.Background(), &m) }},
		{name: bare, sample: syscalls},
		{name: readFile, sample: t.readFiles},
	}
	libraries := t.librariesV2
	if t.dir.Version == 1 {
		libraries = t.librariesV1
	}
	others, err := libraries()
	return append(ways, others...), err
}

// syscalls reads each file once into a buffer, by a descriptor that is kept.
func (t *target) syscalls() (func() error, error) {
	var descriptors []int
	for _, path := range t.files {
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", path, err)
		}
		descriptors = append(descriptors, fd)
	}
	buf := make([]byte, 8<<10)
	return func() error {
		for _, fd := range descriptors {
			if _, err := syscall.Pread(fd, buf, 0); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// readFiles returns what one writes at first.
func (t *target) readFiles() error {
	for _, path := range t.files {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		figures := map[string]uint64{}
		for _, line := range strings.Split(string(data), "\n") {
			key, number, _ := strings.Cut(line, " ")
			figures[key], _ = strconv.ParseUint(number, 10, 64)
		}
	}
	return nil
}

func (t *target) librariesV1() ([]*way, error) {
	memory := cgroup1.NewMemory(mount)
	all, err := cgroup1.Load(cgroup1.StaticPath(t.below))
	if err != nil {
		return nil, err
	}
	var group fs.MemoryGroup
	return []*way{
		{name: containerd, sample: func() error { _, err := all.Stat(cgroup1.IgnoreNotExist); return err }},
		{name: onlyMemory, sample: func() error { return memory.Stat(t.below, &v1.Metrics{}) }},
		{name: runc, sample: func() error { return group.GetStats(t.dir.Memory, cgroups.NewStats()) }},
	}, nil
}

func (t *target) librariesV2() ([]*way, error) {
	manager, err := cgroup2.Load(t.below)
	if err != nil {
		return nil, err
	}
	group, err := fs2.NewManager(&cgroups.Cgroup{Resources: &cgroups.Resources{}}, t.dir.Memory)
	if err != nil {
		return nil, err
	}
	return []*way{
		{name: containerd, sample: func() error { _, err := manager.Stat(); return err }},
		{name: runcAll, sample: func() error { _, err := group.GetStats(); return err }},
	}, nil
}
