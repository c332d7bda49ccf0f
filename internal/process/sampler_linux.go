package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/procfs"

	"github.com/memgate/memgate/internal/cgroup"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile"
)

// Sampler opens the files of the process's control group or, where it has none, what
// the kernel tells of each process.
func (p *Process) Sampler() (Source, error) {
	if p.group == nil {
		s := &procSampler{pid: p.info.PID}
		return Source{Sampler: s, Source: target.Source{Kind: "/proc", Why: p.info.Why}, Close: func() error { return nil }, Processes: p.Processes}, nil
	}
	dir, err := cgroup.Find(p.info.PID, filepath.Base(p.group.dir))
	if err != nil {
		return Source{}, err
	}
	reader, err := cgroup.Open(dir)
	if err != nil {
		return Source{}, err
	}
	return Source{Sampler: reader, Source: target.Source{Kind: fmt.Sprintf("cgroup v%d files", dir.Version)}, Close: reader.Close, Processes: p.Processes}, nil
}

// Processes returns the IDs of the target's processes.
func (p *Process) Processes() ([]int, error) {
	if p.group == nil {
		return family(p.info.PID)
	}
	return cgroup.Dir{Memory: p.group.dir}.Processes()
}

// familyAge is how old the list of the target's processes may become.
const familyAge = time.Second

// procSampler adds up what the kernel tells of each process. There is no working set:
// the resident memory takes its place.
type procSampler struct {
	pid    int
	pids   []int
	listed time.Time
}

var _ profile.Sampler = (*procSampler)(nil)

var procFigures = profile.AllFieldsExcept(profile.WorkingSet, profile.Anon, profile.File, profile.Shmem, profile.Swap, profile.Limit, profile.PageTables, profile.MajorFaults, profile.Pids)

// Sample reads all processes of the target.
func (s *procSampler) Sample(ctx context.Context, m *profile.Memory) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if time.Since(s.listed) >= familyAge {
		pids, err := family(s.pid)
		if err != nil {
			return err
		}
		s.pids, s.listed = pids, time.Now()
	}
	sum := profile.Memory{Missing: procFigures}
	for _, pid := range s.pids {
		err := addProcess(&sum, pid)
		switch {
		case isGone(err) && pid == s.pid:
			return fmt.Errorf("sample process %d: %w", pid, profile.ErrGone)
		case err != nil && !isGone(err):
			return fmt.Errorf("sample process %d: %w", pid, err)
		}
	}
	*m = sum
	return nil
}

func addProcess(sum *profile.Memory, pid int) error {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return err
	}
	status, err := p.NewStatus()
	if err != nil {
		return err
	}
	stat, err := p.Stat()
	if err != nil {
		return err
	}
	if stat.State == "Z" || stat.State == "X" {
		return syscall.ESRCH
	}
	sum.Anon += status.RssAnon
	sum.Shmem += status.RssShmem
	sum.File += status.RssFile + status.RssShmem
	sum.WorkingSet += status.RssAnon + status.RssFile + status.RssShmem
	sum.Swap += status.VmSwap
	sum.PageTables += status.VmPTE
	sum.MajorFaults += uint64(stat.MajFlt)
	sum.Pids += uint64(stat.NumThreads)
	return nil
}

func isGone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}

// family returns the process and its descendants. It fails with an error that wraps
// profile.ErrGone if the process is no more.
func family(pid int) ([]int, error) {
	found := []int{pid}
	for i := 0; i < len(found); i++ {
		children, err := childrenOf(found[i])
		switch {
		case isGone(err) && i == 0:
			return nil, fmt.Errorf("list processes below %d: %w: %w", pid, profile.ErrGone, err)
		case err != nil && !isGone(err):
			return nil, fmt.Errorf("list processes below %d: %w", pid, err)
		}
		found = append(found, children...)
	}
	return found, nil
}

// childrenOf returns the children of all threads of a process.
func childrenOf(pid int) ([]int, error) {
	tasks := filepath.Join("/proc", strconv.Itoa(pid), "task")
	threads, err := os.ReadDir(tasks)
	if err != nil {
		return nil, err
	}
	var children []int
	for _, thread := range threads {
		data, err := os.ReadFile(filepath.Join(tasks, thread.Name(), "children"))
		if err != nil && !isGone(err) {
			return nil, err
		}
		for field := range strings.FieldsSeq(string(data)) {
			if child, err := strconv.Atoi(field); err == nil {
				children = append(children, child)
			}
		}
	}
	return children, nil
}

// Look adds up what the kernel tells of processes: those that end meanwhile do not
// count. With rollup it also reads PSS and USS, which costs the target about 13 µs for
// each resident MiB in which it cannot change its mappings.
func Look(pids []int, rollup bool) (profile.Processes, error) {
	var sum profile.Processes
	var hidden bool // another user's
	for _, pid := range pids {
		err := look(&sum, pid, rollup)
		switch {
		case errors.Is(err, fs.ErrPermission):
			hidden = true
		case err != nil && !isGone(err):
			return profile.Processes{}, fmt.Errorf("look at process %d: %w", pid, err)
		}
	}
	if hidden { // a part of the sum would be a lie
		sum.PSS, sum.USS, sum.FDs = 0, 0, 0
	}
	return sum, nil
}

func look(sum *profile.Processes, pid int, rollup bool) error {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return err
	}
	stat, err := p.Stat()
	if err != nil {
		return err
	}
	sum.Count++
	sum.Threads += uint64(stat.NumThreads)
	sum.RSS += uint64(stat.ResidentMemory())
	sum.VSS += uint64(stat.VirtualMemory())
	fds, err := p.FileDescriptorsLen()
	if err != nil {
		return err
	}
	sum.FDs += uint64(fds)
	if !rollup {
		return nil
	}
	parts, err := p.ProcSMapsRollup()
	if err != nil {
		return err
	}
	sum.PSS += parts.Pss
	sum.USS += parts.PrivateClean + parts.PrivateDirty
	return nil
}

// Map reads what the memory of the largest of the processes is made of. It gives up
// after two seconds, or when ctx ends.
func Map(ctx context.Context, pids []int) (Mappings, error) {
	var largest procfs.ProcStat
	for _, pid := range pids {
		p, err := procfs.NewProc(pid)
		if err != nil {
			continue
		}
		if stat, err := p.Stat(); err == nil && (largest.PID == 0 || stat.RSS > largest.RSS) {
			largest = stat
		}
	}
	if largest.PID == 0 {
		return Mappings{}, fmt.Errorf("read mappings: none of the %d processes is there any more", len(pids))
	}
	f, err := os.Open(filepath.Join("/proc", strconv.Itoa(largest.PID), "smaps"))
	if err != nil {
		return Mappings{}, fmt.Errorf("read mappings: %w", err)
	}
	defer func() { _ = f.Close() }()
	ctx, cancel := context.WithTimeout(ctx, smapsDeadline)
	defer cancel()
	m, err := parseSmaps(whileLive{ctx, f})
	m.Command = largest.Comm
	return m, err
}
