package memtest

// HeapWalk says whether a run walks the heap for what retains memory that grew: the
// variable, the field, the goroutines from which it is reachable. For that the heap of a
// Go target is read from another process while no load runs: after the warm-up, at the
// end, and whenever the load is extended. The target pauses for some milliseconds. It
// needs neither a change nor symbols.
type HeapWalk int

// The choices. The zero value is HeapWalkAuto.
const (
	// HeapWalkAuto walks where it is permitted and the heap is not too large (300 MB in
	// objects with pointers, four million objects); else the report says why not.
	HeapWalkAuto HeapWalk = iota
	// HeapWalkOff does not walk.
	HeapWalkOff
	// HeapWalkRequired makes a run that could not walk an error.
	HeapWalkRequired
)
