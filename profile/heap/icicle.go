package heap

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	pprof "github.com/google/pprof/profile"
)

// Box is a call in an icicle of retained memory: what the stacks through it hold, with
// the calls that it makes below it.
type Box struct {
	Depth  int    // 0 is the whole heap, 1 what was called first
	Func   string // "" for the whole heap
	Before int64  // live bytes in the first profile
	After  int64  // live bytes in the last
	Weight int64  // the box's width: of every stack, the larger of the two
}

// Bounds of an icicle.
const (
	maxBoxes      = 400  // boxes in all
	maxBoxDepth   = 48   // calls below the whole heap; what is called further down is not shown
	maxBoxStacks  = 2000 // of each profile: the largest
	thinnestShare = 400  // a box is left out if it is thinner than this part of the whole
)

// Icicle returns what the target holds in the last of two profiles beside the first, by
// call: every box is followed by those of the calls it makes, widest first. The first
// may be empty (no Raw), for a run that has only one. At most 400 boxes are made, of
// the 2,000 largest stacks, 48 calls deep; the whole heap, which comes first, counts
// what is left out.
func Icicle(first, last Profile) ([]Box, error) {
	root := &call{}
	for i, h := range []Profile{first, last} {
		if len(h.Raw) == 0 && i == 0 {
			continue
		}
		p, err := parseHeap(h.Raw)
		if err != nil {
			return nil, fmt.Errorf("draw retained memory: read heap profile taken at %v: %w", h.At.Round(time.Millisecond), err)
		}
		root.add(p, i)
	}
	root.weigh()
	if root.weight == 0 {
		return nil, errors.New("draw retained memory: the profiles hold none")
	}
	return root.boxes(), nil
}

// call is a node of the tree of calls.
type call struct {
	fn     string
	self   [2]int64 // bytes of stacks that end here, before and after
	all    [2]int64
	weight int64
	calls  map[string]*call
}

// add adds the stacks of a profile, the first (0) or the last (1).
func (c *call) add(p *heapProfile, when int) {
	slices.SortStableFunc(p.Sample, func(a, b *pprof.Sample) int { return cmp.Compare(b.Value[p.bytes], a.Value[p.bytes]) })
	for n, s := range p.Sample {
		if n >= maxBoxStacks {
			c.self[when] += s.Value[p.bytes]
			continue
		}
		stack := (&total{biggest: s.Location}).stack()
		at := c
		for _, f := range slices.Backward(stack[max(0, len(stack)-maxBoxDepth):]) {
			at = at.to(f.fn)
		}
		at.self[when] += s.Value[p.bytes]
	}
}

func (c *call) to(fn string) *call {
	if c.calls == nil {
		c.calls = map[string]*call{}
	}
	if c.calls[fn] == nil {
		c.calls[fn] = &call{fn: fn}
	}
	return c.calls[fn]
}

// weigh adds up what every call and those below it hold.
func (c *call) weigh() {
	c.all, c.weight = c.self, max(c.self[0], c.self[1])
	for _, below := range c.calls {
		below.weigh()
		c.all[0] += below.all[0]
		c.all[1] += below.all[1]
		c.weight += below.weight
	}
}

// boxes returns the widest calls below c, in the order in which they are drawn.
func (c *call) boxes() []Box {
	thinnest := max(1, c.weight/thinnestShare)
	var list []Box
	for {
		list = c.appendBoxes(list[:0], 0, thinnest)
		if len(list) <= maxBoxes {
			return list
		}
		thinnest *= 2
	}
}

func (c *call) appendBoxes(list []Box, depth int, thinnest int64) []Box {
	if len(list) > maxBoxes {
		return list
	}
	list = append(list, Box{Depth: depth, Func: c.fn, Before: c.all[0], After: c.all[1], Weight: c.weight})
	var below []*call
	for _, b := range c.calls {
		if b.weight >= thinnest {
			below = append(below, b)
		}
	}
	slices.SortFunc(below, func(a, b *call) int { return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.fn, b.fn)) })
	for _, b := range below {
		list = b.appendBoxes(list, depth+1, thinnest)
	}
	return list
}
