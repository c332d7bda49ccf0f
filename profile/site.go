package profile

// Site is one place in the target's code whose live heap changed between the
// first and the last heap profile.
type Site struct {
	Func string // the function, as pprof names it: "main.(*store).put"
	File string
	Line int

	Bytes      int64   // live bytes more (or fewer) than at first
	Objects    int64   // live objects more (or fewer) than at first
	PerRequest float64 // Bytes per completed request; 0 where no requests were completed

	Alloc string   // the allocating frame, where it is not Func itself: "bytes.growSlice slice.go:12"
	Stack []string // "func file:line" from the allocating frame outwards
}
