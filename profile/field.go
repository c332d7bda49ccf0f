package profile

import "fmt"

// Field is one of Memory's figures. Its String is its name in JSON and CSV.
type Field uint8

// The fields of Memory, which says what they are.
const (
	Usage Field = iota
	WorkingSet
	Anon
	File
	InactiveFile
	ActiveFile
	Shmem
	Kernel
	Swap
	Limit
	OOMKills
	PeakUsage
	AnonHuge
	InactiveAnon
	ActiveAnon
	Unevictable
	SlabReclaimable
	SlabUnreclaimable
	KernelStack
	PageTables
	PerCPU
	Sock
	MemorySwapLimit
	SoftLimit
	High
	LowEvents
	HighEvents
	LimitEvents
	OOMEvents
	LazyFreePages
	RefaultsAnon
	RefaultsFile
	MajorFaults
	StallSome
	StallFull
	HostStallSome
	HostStallFull
	Throttled
	Pids

	fields = iota
)

// fieldTable says how each field is called and where it is kept.
var fieldTable = [fields]struct {
	name string
	at   func(*Memory) *uint64
}{
	Usage:             {"usage", func(m *Memory) *uint64 { return &m.Usage }},
	WorkingSet:        {"working_set", func(m *Memory) *uint64 { return &m.WorkingSet }},
	Anon:              {"anon", func(m *Memory) *uint64 { return &m.Anon }},
	File:              {"file", func(m *Memory) *uint64 { return &m.File }},
	InactiveFile:      {"inactive_file", func(m *Memory) *uint64 { return &m.InactiveFile }},
	ActiveFile:        {"active_file", func(m *Memory) *uint64 { return &m.ActiveFile }},
	Shmem:             {"shmem", func(m *Memory) *uint64 { return &m.Shmem }},
	Kernel:            {"kernel", func(m *Memory) *uint64 { return &m.Kernel }},
	Swap:              {"swap", func(m *Memory) *uint64 { return &m.Swap }},
	Limit:             {"limit", func(m *Memory) *uint64 { return &m.Limit }},
	OOMKills:          {"oom_kills", func(m *Memory) *uint64 { return &m.OOMKills }},
	PeakUsage:         {"peak_usage", func(m *Memory) *uint64 { return &m.PeakUsage }},
	AnonHuge:          {"anon_huge", func(m *Memory) *uint64 { return &m.AnonHuge }},
	InactiveAnon:      {"inactive_anon", func(m *Memory) *uint64 { return &m.InactiveAnon }},
	ActiveAnon:        {"active_anon", func(m *Memory) *uint64 { return &m.ActiveAnon }},
	Unevictable:       {"unevictable", func(m *Memory) *uint64 { return &m.Unevictable }},
	SlabReclaimable:   {"slab_reclaimable", func(m *Memory) *uint64 { return &m.SlabReclaimable }},
	SlabUnreclaimable: {"slab_unreclaimable", func(m *Memory) *uint64 { return &m.SlabUnreclaimable }},
	KernelStack:       {"kernel_stack", func(m *Memory) *uint64 { return &m.KernelStack }},
	PageTables:        {"page_tables", func(m *Memory) *uint64 { return &m.PageTables }},
	PerCPU:            {"percpu", func(m *Memory) *uint64 { return &m.PerCPU }},
	Sock:              {"sock", func(m *Memory) *uint64 { return &m.Sock }},
	MemorySwapLimit:   {"memory_swap_limit", func(m *Memory) *uint64 { return &m.MemorySwapLimit }},
	SoftLimit:         {"soft_limit", func(m *Memory) *uint64 { return &m.SoftLimit }},
	High:              {"high", func(m *Memory) *uint64 { return &m.High }},
	LowEvents:         {"low_events", func(m *Memory) *uint64 { return &m.LowEvents }},
	HighEvents:        {"high_events", func(m *Memory) *uint64 { return &m.HighEvents }},
	LimitEvents:       {"limit_events", func(m *Memory) *uint64 { return &m.LimitEvents }},
	OOMEvents:         {"oom_events", func(m *Memory) *uint64 { return &m.OOMEvents }},
	LazyFreePages:     {"lazyfree_pages", func(m *Memory) *uint64 { return &m.LazyFreePages }},
	RefaultsAnon:      {"refaults_anon", func(m *Memory) *uint64 { return &m.RefaultsAnon }},
	RefaultsFile:      {"refaults_file", func(m *Memory) *uint64 { return &m.RefaultsFile }},
	MajorFaults:       {"major_faults", func(m *Memory) *uint64 { return &m.MajorFaults }},
	StallSome:         {"stall_some_us", func(m *Memory) *uint64 { return &m.StallSome }},
	StallFull:         {"stall_full_us", func(m *Memory) *uint64 { return &m.StallFull }},
	HostStallSome:     {"host_stall_some_us", func(m *Memory) *uint64 { return &m.HostStallSome }},
	HostStallFull:     {"host_stall_full_us", func(m *Memory) *uint64 { return &m.HostStallFull }},
	Throttled:         {"throttled_us", func(m *Memory) *uint64 { return &m.Throttled }},
	Pids:              {"pids", func(m *Memory) *uint64 { return &m.Pids }},
}

// String returns the field's name: "working_set", "oom_kills".
func (f Field) String() string {
	if f >= fields {
		return fmt.Sprintf("Field(%d)", uint8(f))
	}
	return fieldTable[f].name
}

// FieldSet is a set of fields.
type FieldSet uint64

// Fields returns the set of these fields, for a sampler's Memory.Missing.
func Fields(list ...Field) FieldSet {
	var set FieldSet
	for _, f := range list {
		set |= 1 << f
	}
	return set
}

// AllFieldsExcept returns the set of all other fields: the Memory.Missing of a sampler that
// has only these.
func AllFieldsExcept(list ...Field) FieldSet { return (1<<fields - 1) &^ Fields(list...) }

// Value returns a figure, and whether the source has it.
func (m *Memory) Value(f Field) (v uint64, ok bool) {
	if f >= fields || m.Missing&(1<<f) != 0 {
		return 0, false
	}
	return *fieldTable[f].at(m), true
}

// Figure returns where a figure is kept, for a sampler that fills many of them. It is nil
// for what is no field of Memory.
func (m *Memory) Figure(f Field) *uint64 {
	if f >= fields {
		return nil
	}
	return fieldTable[f].at(m)
}
