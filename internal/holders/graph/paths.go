// Package graph turns a heap into paths: from a root, a global variable or goroutines,
// along fields and types, with the elements of slices and maps as one. Objects have no
// identity from one moment to another; paths have. Global variables come before
// goroutines, and these before the runtime's own variables.
package graph

import "github.com/memgate/memgate/profile"

type (
	// Paths are what a heap is folded into.
	Paths = profile.Paths
	// Node is all objects with the same path.
	Node = profile.Node
	// RootKind says what a path begins at.
	RootKind = profile.RootKind
	// Crossing is objects of one path to which a pointer leads from another.
	Crossing = profile.Crossing
)

// The kinds of roots.
const (
	Global     = profile.RootGlobal
	Unnamed    = profile.RootUnnamed
	Goroutines = profile.RootTasks
	FrameOf    = profile.RootFrame
	Runtime    = profile.RootRuntime
)
