package profile

// Mappings is what the memory of one process is made of, in bytes, as the kernel tells
// of its mappings.
type Mappings struct {
	Command string // as the kernel has it, 15 bytes at most

	RSS          uint64 // resident
	PSS          uint64 // resident, what is shared by n counts for one n-th
	Anon         uint64 // resident and of no file: heaps and stacks
	File         uint64 // resident and of a file
	Shmem        uint64 // resident and shared without a file, or of one in memory
	Swap         uint64 // swapped out
	PrivateDirty uint64 // resident, written to and not shared
	Largest      []Mapping
}

// Mapping is all mappings of one name.
type Mapping struct {
	Name         string // a file, "[heap]", "[anon: Go: heap]"; "(unnamed)"
	Count        int
	RSS          uint64
	Anon         uint64
	PrivateDirty uint64
	Swap         uint64
}
