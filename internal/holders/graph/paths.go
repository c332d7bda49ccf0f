// Package graph turns a heap into paths: from a root, a global variable or goroutines,
// along fields and types, with the elements of slices and maps as one. Objects have no
// identity from one moment to another; paths have.
package graph

import (
	"strings"
	"time"
)

// Paths is what is reachable in a heap, folded by path: some kilobytes, in which there
// are names, types, counts and sizes, and nothing of what the heap holds. Each object
// is counted once, on the shortest path from a root; global variables come before
// goroutines, and these before the runtime's own variables.
type Paths struct {
	Nodes     []Node     // Nodes[0] stands above all roots; parents come before their children
	Crossings []Crossing // what other paths hold, too

	Bytes, Objects uint64 // reachable; without stacks
	Marked         uint64 // bytes that the last collection found live; 0 if there was none, or its figure was not found
	Allocated      uint64 // bytes in objects, garbage included, by the allocator's own count
	Stacks         uint64 // bytes of the goroutines' stacks
	Goroutines     int
	Version        string        // of the target's Go
	Names          string        // what its executable has of names
	Read           uint64        // bytes read
	Stopped        time.Duration // how long the target stood
	Analysis       time.Duration
}

// Node is all objects with the same path.
type Node struct {
	Parent int32
	Root   RootKind // of what stands below Nodes[0]
	Label  string   // from the parent: ".sessions", "[key]"; of a root: its name
	Type   string   // "" if it is not known
	Count  int64
	Bytes  int64 // of these objects alone; of goroutines: their stacks

	// Elements are those of the maps, slices and channels of this path, as they say
	// themselves: a table that doubles does not hide them. 0 if they do not say.
	Elements int64
}

// RootKind is what keeps things alive by itself.
type RootKind string

// The kinds of roots. A frame's parent is its goroutine.
const (
	Global     RootKind = "global"
	Unnamed    RootKind = "unnamed" // a global variable of a stripped program
	Goroutines RootKind = "goroutines"
	FrameOf    RootKind = "frame"
	Runtime    RootKind = "runtime"
)

// Crossing is objects of one path to which a pointer leads from another path.
type Crossing struct {
	Node  int32  // what is held
	By    int32  // by what
	Label string // from By
	Count int64  // pointers
}

// Key returns the path as text, the same in every snapshot of a program.
func (p *Paths) Key(i int32) string {
	var parts []string
	for ; i > 0; i = p.Nodes[i].Parent {
		n := &p.Nodes[i]
		parts = append(parts, n.Label+"\x01"+n.Type)
	}
	return strings.Join(parts, "\x00")
}

// Top returns the root of a path: a variable, or goroutines.
func (p *Paths) Top(i int32) int32 {
	for i > 0 && p.Nodes[i].Parent != 0 {
		i = p.Nodes[i].Parent
	}
	return i
}
