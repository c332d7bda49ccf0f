package cgroup

import "path/filepath"

// spec is a file and what is wanted from it.
type spec struct {
	path    string
	value   func([]byte) (uint64, bool)
	entries []entry
}

// entry says which figure of profile.Memory a line of a file is.
type entry struct {
	key    string // "" for a file with nothing but a number
	figure string
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
		one(in("memory.current"), number, "usage"),
		{in("memory.stat"), number, statV2},
		{in("memory.events"), number, eventsV2},
		one(in("memory.swap.current"), number, "swap"),
		one(in("memory.peak"), number, "peak_usage"),
		one(in("memory.max"), limit, "limit"),
		one(in("memory.swap.max"), bound, "memory_swap_limit"),
		one(in("memory.high"), limit, "high"),
		one(in("memory.low"), limit, "soft_limit"),
		{in("memory.pressure"), stall, pressure("")},
		{dir.Host, stall, pressure("host_")},
		{in("cpu.stat"), number, []entry{{"throttled_usec", "throttled_us", 1}}},
		one(in("pids.current"), number, "pids"),
	}
}

func v1(dir Dir) []spec {
	in := func(name string) string { return filepath.Join(dir.Memory, name) }
	files := []spec{
		one(in("memory.usage_in_bytes"), number, "usage"),
		{in("memory.stat"), number, statV1},
		{in("memory.oom_control"), number, []entry{{key: "oom_kill", figure: "oom_kills"}}},
		one(in("memory.max_usage_in_bytes"), number, "peak_usage"),
		one(in("memory.failcnt"), number, "limit_events"),
		one(in("memory.limit_in_bytes"), limit, "limit"),
		one(in("memory.memsw.limit_in_bytes"), limit, "memory_swap_limit"),
		one(in("memory.soft_limit_in_bytes"), limit, "soft_limit"),
		one(in("memory.kmem.usage_in_bytes"), number, "kernel"),
		{dir.Host, stall, pressure("host_")},
	}
	if dir.CPU != "" {
		files = append(files, spec{filepath.Join(dir.CPU, "cpu.stat"), number, []entry{{"throttled_time", "throttled_us", 1000}}})
	}
	if dir.Pids != "" {
		files = append(files, one(filepath.Join(dir.Pids, "pids.current"), number, "pids"))
	}
	return files
}

// one returns a file with nothing but one number in it.
func one(path string, value func([]byte) (uint64, bool), figure string) spec {
	return spec{path, value, []entry{{figure: figure}}}
}

func pressure(whose string) []entry {
	return []entry{{key: "some", figure: whose + "stall_some_us"}, {key: "full", figure: whose + "stall_full_us"}}
}

// memory.kmem.tcp.usage_in_bytes is left alone: it stays 0 unless somebody has set a
// limit on it, so that nothing of v1 tells how much sockets hold.
var statV1 = []entry{
	// The keys without "total_" leave out the groups below this one.
	{key: "total_rss", figure: "anon"},
	{key: "total_rss_huge", figure: "anon_huge"},
	{key: "total_cache", figure: "file"},
	{key: "total_shmem", figure: "shmem"},
	{key: "total_swap", figure: "swap"},
	{key: "total_inactive_anon", figure: "inactive_anon"},
	{key: "total_active_anon", figure: "active_anon"},
	{key: "total_inactive_file", figure: "inactive_file"},
	{key: "total_active_file", figure: "active_file"},
	{key: "total_unevictable", figure: "unevictable"},
	{key: "total_workingset_refault_anon", figure: "refaults_anon"},
	{key: "total_workingset_refault_file", figure: "refaults_file"},
	{key: "total_pgmajfault", figure: "major_faults"},
}

var statV2 = []entry{
	{key: "anon", figure: "anon"},
	{key: "anon_thp", figure: "anon_huge"},
	{key: "file", figure: "file"},
	{key: "shmem", figure: "shmem"},
	{key: "inactive_anon", figure: "inactive_anon"},
	{key: "active_anon", figure: "active_anon"},
	{key: "inactive_file", figure: "inactive_file"},
	{key: "active_file", figure: "active_file"},
	{key: "unevictable", figure: "unevictable"},
	{key: "kernel", figure: "kernel"},
	{key: "slab_reclaimable", figure: "slab_reclaimable"},
	{key: "slab_unreclaimable", figure: "slab_unreclaimable"},
	{key: "kernel_stack", figure: "kernel_stack"},
	{key: "pagetables", figure: "page_tables"},
	{key: "percpu", figure: "percpu"},
	{key: "sock", figure: "sock"},
	{key: "workingset_refault_anon", figure: "refaults_anon"},
	{key: "workingset_refault_file", figure: "refaults_file"},
	{key: "pgmajfault", figure: "major_faults"},
	{key: "pglazyfree", figure: "lazyfree_pages"},
}

var eventsV2 = []entry{
	{key: "low", figure: "low_events"},
	{key: "high", figure: "high_events"},
	{key: "max", figure: "limit_events"},
	{key: "oom", figure: "oom_events"},
	{key: "oom_kill", figure: "oom_kills"},
}
