package cgroup

import (
	"path/filepath"

	"github.com/memgate/memgate/profile"
)

// spec is a file and what is wanted from it.
type spec struct {
	path    string
	value   func([]byte) (uint64, bool)
	entries []entry
}

// entry says which figure of profile.Memory a line of a file is.
type entry struct {
	key    string // "" for a file with nothing but a number
	figure profile.Field
	per    uint64 // divides the number; 0 is 1
}

// specs returns the files of that version in the folders that there are.
func specs(dir Dir) []spec {
	if dir.Version == 1 {
		return v1(dir)
	}
	return v2(dir)
}

func v2(dir Dir) []spec {
	in := func(name string) string { return filepath.Join(dir.Memory, name) }
	return []spec{
		one(in("memory.current"), number, profile.Usage),
		{in("memory.stat"), number, statV2},
		{in("memory.events"), number, eventsV2},
		one(in("memory.swap.current"), number, profile.Swap),
		one(in("memory.peak"), number, profile.PeakUsage),
		one(in("memory.max"), limit, profile.Limit),
		one(in("memory.swap.max"), bound, profile.MemorySwapLimit),
		one(in("memory.high"), limit, profile.High),
		one(in("memory.low"), limit, profile.SoftLimit),
		{in("memory.pressure"), stall, pressure(profile.StallSome, profile.StallFull)},
		{dir.Host, stall, pressure(profile.HostStallSome, profile.HostStallFull)},
		{in("cpu.stat"), number, []entry{{"throttled_usec", profile.Throttled, 1}}},
		one(in("pids.current"), number, profile.Pids),
	}
}

func v1(dir Dir) []spec {
	in := func(name string) string { return filepath.Join(dir.Memory, name) }
	files := []spec{
		one(in("memory.usage_in_bytes"), number, profile.Usage),
		{in("memory.stat"), number, statV1},
		{in("memory.oom_control"), number, []entry{{key: "oom_kill", figure: profile.OOMKills}}},
		one(in("memory.max_usage_in_bytes"), number, profile.PeakUsage),
		one(in("memory.failcnt"), number, profile.LimitEvents),
		one(in("memory.limit_in_bytes"), limit, profile.Limit),
		one(in("memory.memsw.limit_in_bytes"), limit, profile.MemorySwapLimit),
		one(in("memory.soft_limit_in_bytes"), limit, profile.SoftLimit),
		one(in("memory.kmem.usage_in_bytes"), number, profile.Kernel),
		{dir.Host, stall, pressure(profile.HostStallSome, profile.HostStallFull)},
	}
	if dir.CPU != "" {
		files = append(files, spec{filepath.Join(dir.CPU, "cpu.stat"), number, []entry{{"throttled_time", profile.Throttled, 1000}}})
	}
	if dir.Pids != "" {
		files = append(files, one(filepath.Join(dir.Pids, "pids.current"), number, profile.Pids))
	}
	return files
}

// one returns a file with nothing but one number in it.
func one(path string, value func([]byte) (uint64, bool), figure profile.Field) spec {
	return spec{path, value, []entry{{figure: figure}}}
}

func pressure(some, full profile.Field) []entry {
	return []entry{{key: "some", figure: some}, {key: "full", figure: full}}
}

// memory.kmem.tcp.usage_in_bytes is left alone: it stays 0 unless somebody has set a
// limit on it, so that nothing of v1 tells how much sockets hold.
var statV1 = []entry{
	// The keys without "total_" leave out the groups below this one.
	{key: "total_rss", figure: profile.Anon},
	{key: "total_rss_huge", figure: profile.AnonHuge},
	{key: "total_cache", figure: profile.File},
	{key: "total_shmem", figure: profile.Shmem},
	{key: "total_swap", figure: profile.Swap},
	{key: "total_inactive_anon", figure: profile.InactiveAnon},
	{key: "total_active_anon", figure: profile.ActiveAnon},
	{key: "total_inactive_file", figure: profile.InactiveFile},
	{key: "total_active_file", figure: profile.ActiveFile},
	{key: "total_unevictable", figure: profile.Unevictable},
	{key: "total_workingset_refault_anon", figure: profile.RefaultsAnon},
	{key: "total_workingset_refault_file", figure: profile.RefaultsFile},
	{key: "total_pgmajfault", figure: profile.MajorFaults},
}

var statV2 = []entry{
	{key: "anon", figure: profile.Anon},
	{key: "anon_thp", figure: profile.AnonHuge},
	{key: "file", figure: profile.File},
	{key: "shmem", figure: profile.Shmem},
	{key: "inactive_anon", figure: profile.InactiveAnon},
	{key: "active_anon", figure: profile.ActiveAnon},
	{key: "inactive_file", figure: profile.InactiveFile},
	{key: "active_file", figure: profile.ActiveFile},
	{key: "unevictable", figure: profile.Unevictable},
	{key: "kernel", figure: profile.Kernel},
	{key: "slab_reclaimable", figure: profile.SlabReclaimable},
	{key: "slab_unreclaimable", figure: profile.SlabUnreclaimable},
	{key: "kernel_stack", figure: profile.KernelStack},
	{key: "pagetables", figure: profile.PageTables},
	{key: "percpu", figure: profile.PerCPU},
	{key: "sock", figure: profile.Sock},
	{key: "workingset_refault_anon", figure: profile.RefaultsAnon},
	{key: "workingset_refault_file", figure: profile.RefaultsFile},
	{key: "pgmajfault", figure: profile.MajorFaults},
	{key: "pglazyfree", figure: profile.LazyFreePages},
}

var eventsV2 = []entry{
	{key: "low", figure: profile.LowEvents},
	{key: "high", figure: profile.HighEvents},
	{key: "max", figure: profile.LimitEvents},
	{key: "oom", figure: profile.OOMEvents},
	{key: "oom_kill", figure: profile.OOMKills},
}
