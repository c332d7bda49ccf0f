//go:build !linux

package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/shirou/gopsutil/v4/process"

	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile"
)

// Sampler asks the system for each process.
func (p *Process) Sampler() (Source, error) {
	s := &systemSampler{pid: p.info.PID}
	return Source{Sampler: s, Source: target.Source{Kind: "the system's process table", Why: p.info.Why}, Close: func() error { return nil }, Processes: p.Processes}, nil
}

// Processes returns the IDs of the target's processes.
func (p *Process) Processes() ([]int, error) {
	all := family(p.info.PID)
	if len(all) == 0 {
		return nil, fmt.Errorf("list processes below %d: %w", p.info.PID, profile.ErrGone)
	}
	pids := make([]int, len(all))
	for i := range all {
		pids[i] = int(all[i].Pid)
	}
	return pids, nil
}

// systemSampler adds up what the system tells of each process. There is no working
// set: the resident memory takes its place.
type systemSampler struct{ pid int }

var _ profile.Sampler = (*systemSampler)(nil)

var systemFigures = profile.AllFieldsExcept(profile.WorkingSet, profile.Limit, profile.Swap, profile.Pids)

// Sample asks for all processes of the target.
func (s *systemSampler) Sample(ctx context.Context, m *profile.Memory) error {
	sum := profile.Memory{Missing: systemFigures}
	for _, p := range family(s.pid) {
		memory, err := p.MemoryInfoWithContext(ctx)
		if err != nil {
			continue // it has ended
		}
		threads, _ := p.NumThreadsWithContext(ctx)
		sum.WorkingSet += memory.RSS
		sum.Swap += memory.Swap
		sum.Pids += uint64(max(1, threads))
	}
	if sum.Pids == 0 {
		return fmt.Errorf("sample process %d: %w", s.pid, errors.Join(profile.ErrGone, ctx.Err()))
	}
	*m = sum
	return nil
}

// family returns the process and its descendants; nothing if it is no more.
func family(pid int) []*process.Process {
	first, err := process.NewProcess(int32(pid))
	if err != nil {
		return nil
	}
	found := []*process.Process{first}
	for i := 0; i < len(found); i++ {
		children, _ := found[i].Children()
		found = append(found, children...)
	}
	return found
}

// Look adds up what the system tells of processes: those that end meanwhile do not
// count.
func Look(pids []int, _ bool) (profile.Processes, error) {
	var sum profile.Processes
	for _, pid := range pids {
		p, err := process.NewProcess(int32(pid))
		if err != nil {
			continue
		}
		memory, err := p.MemoryInfo()
		if err != nil {
			continue
		}
		threads, _ := p.NumThreads()
		fds, _ := p.NumFDs()
		sum.Count++
		sum.Threads += uint64(threads)
		sum.FDs += uint64(fds)
		sum.RSS += memory.RSS
		sum.VSS += memory.VMS
	}
	return sum, nil
}

// Use returns the processor time that this process has used, and its resident memory in
// bytes.
func Use() (cpu time.Duration, memory uint64) {
	self, err := process.NewProcess(int32(os.Getpid()))
	if err != nil {
		return 0, 0
	}
	if t, err := self.Times(); err == nil {
		cpu = time.Duration((t.User + t.System) * float64(time.Second))
	}
	if m, err := self.MemoryInfo(); err == nil {
		memory = m.RSS
	}
	return cpu, memory
}

// Map is for Linux alone.
func Map(context.Context, []int) (Mappings, error) {
	return Mappings{}, errors.New("read mappings: only Linux tells of a process's mappings")
}
