package retain

import (
	"slices"

	"github.com/memgate/memgate/profile"
)

// Bounds of what is told of a holder.
const (
	mostSteps  = 6
	mostOthers = 4
	deepStep   = 3   // steps below the first that multiplies
	heavyStep  = 8   // a step has at least that part of the holder's bytes: an eighth
	alsoHeld   = 0.5 // of the elements, that another one must hold to be listed
)

// steps lists the heaviest paths below a holder.
func (d *diff) steps(h *Holder, i int32) {
	var walk func(i int32, path string, depth int)
	walk = func(i int32, path string, depth int) {
		for _, k := range d.kids[i] {
			if d.total[k]*heavyStep < h.Bytes || depth == deepStep || len(h.Held) == mostSteps {
				return
			}
			n, next := d.node(k), depth
			at := path + n.Label
			switch {
			case n.Root == profile.RootFrame:
				at = "on the stack of " + n.Label + ": "
			case d.multiplies(k):
				h.Held = append(h.Held, Step{Path: at, Type: n.Type, Bytes: d.total[k], Objects: float64(d.count[k]) / d.requests})
				next++
			}
			walk(k, at, next)
		}
	}
	walk(i, "", 0)
}

// others returns the other paths that the elements of a holder are reachable from.
func (d *diff) others(i int32) []string {
	elements := map[int32]bool{}
	for _, k := range d.kids[i] {
		elements[k] = d.multiplies(k)
	}
	var found []string
	for _, c := range d.late.Crossings {
		if !elements[c.Node] || d.below(c.By, i) || len(found) == mostOthers {
			continue
		}
		if float64(c.Count) < alsoHeld*float64(d.late.Nodes[c.Node].Count) || d.multiplies(c.By) && d.late.Nodes[c.By].Root == "" {
			continue
		}
		if text := describe(d.name(c.By)); !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	slices.Sort(found)
	return found
}

// below tells whether a node is i, hangs on it, or is above it.
func (d *diff) below(node, i int32) bool {
	for _, pair := range [][2]int32{{node, i}, {i, node}} {
		for x := pair[0]; x > 0; x = d.late.Nodes[x].Parent {
			if x == pair[1] {
				return true
			}
		}
	}
	return false
}
