package profile

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Paths is what is reachable in a heap, folded by path: from a root, a global variable or
// a task's stack, along fields and types, with the elements of lists and maps as one.
// Objects have no identity from one moment to another; paths have. It is some kilobytes,
// in which there are names, types, counts and sizes, and nothing of what the heap holds.
//
// Each object is counted once, on one path. Names are those of the runtime's language and
// must be the same in every look at one target.
type Paths struct {
	Nodes     []Node     // Nodes[0] stands above all roots; parents come before their children
	Crossings []Crossing // what other paths hold, too; may be empty

	Bytes, Objects uint64        // reachable; without stacks
	Marked         uint64        // bytes that the last collection found live; 0 if that is not known
	Allocated      uint64        // bytes in objects, garbage included; 0 if that is not known
	Stacks         uint64        // bytes of the tasks' stacks
	Goroutines     int           // tasks: goroutines, threads
	Version        string        // of the runtime: "go1.26.8"
	Names          string        // where names come from: "symbols and types"
	Read           uint64        // bytes read
	Stopped        time.Duration // how long the target stood
	Analysis       time.Duration // how long the look took besides
}

// Node is all objects with the same path.
type Node struct {
	Parent int32    // index in Paths.Nodes; 0 for a root
	Root   RootKind // of what stands below Nodes[0], and of frames; "" for all else
	Label  string   // from the parent: ".sessions", "[key]"; of a root: its name
	Type   string   // "" if it is not known
	Count  int64    // objects
	Bytes  int64    // of these objects alone; of tasks: their stacks

	// Elements are those of the maps, slices and channels of this path, as they say
	// themselves: a table that doubles does not hide them. 0 if they do not say.
	Elements int64
}

// ClosurePrefix begins the Type of a closure; the function's name follows.
const ClosurePrefix = "func "

// RootKind is what keeps things alive by itself.
type RootKind string

// The kinds of roots. A frame's parent is its task.
const (
	RootGlobal  RootKind = "global"
	RootUnnamed RootKind = "unnamed"    // a global variable that has no name, as of a stripped program
	RootTasks   RootKind = "goroutines" // goroutines, threads
	RootFrame   RootKind = "frame"
	RootRuntime RootKind = "runtime" // the runtime's own, which is nobody's leak
)

// Crossing is objects of one path to which a pointer leads from another path.
type Crossing struct {
	Node  int32  // what is held
	By    int32  // by what
	Label string // from By
	Count int64  // pointers
}

// Key returns the path as text, the same in every look at a target.
func (p *Paths) Key(i int32) string {
	var parts []string
	for ; i > 0; i = p.Nodes[i].Parent {
		n := &p.Nodes[i]
		parts = append(parts, n.Label+"\x01"+n.Type)
	}
	return strings.Join(parts, "\x00")
}

// Top returns the root of a path: a variable, or tasks.
func (p *Paths) Top(i int32) int32 {
	for i > 0 && p.Nodes[i].Parent != 0 {
		i = p.Nodes[i].Parent
	}
	return i
}

// Bounds of a table of paths.
const (
	mostNodes   = 100_000
	deepestNode = 64
)

// Check returns what cannot be in paths, whoever made them: more than 100,000 nodes, one
// that is deeper than 64, one that comes before its parent, a number below 0, a crossing
// that leads nowhere. Only what it has passed is compared.
func (p *Paths) Check() error {
	if p == nil || len(p.Nodes) == 0 || p.Nodes[0].Parent != 0 {
		return errors.New("it has no root")
	}
	if len(p.Nodes) > mostNodes || len(p.Crossings) > mostNodes {
		return fmt.Errorf("%d nodes and %d crossings are more than the %d that it may have", len(p.Nodes), len(p.Crossings), mostNodes)
	}
	depth := make([]int, len(p.Nodes))
	for i := 1; i < len(p.Nodes); i++ {
		n := &p.Nodes[i]
		if n.Parent < 0 || int(n.Parent) >= i || n.Count < 0 || n.Bytes < 0 || n.Elements < 0 {
			return fmt.Errorf("node %d cannot be", i)
		}
		if depth[i] = depth[n.Parent] + 1; depth[i] > deepestNode {
			return fmt.Errorf("node %d is deeper than %d", i, deepestNode)
		}
	}
	for _, c := range p.Crossings {
		if c.Node <= 0 || int(c.Node) >= len(p.Nodes) || c.By < 0 || int(c.By) >= len(p.Nodes) {
			return errors.New("a crossing leads nowhere")
		}
	}
	return nil
}
