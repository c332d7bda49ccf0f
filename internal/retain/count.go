package retain

import "github.com/memgate/memgate/profile"

// counted is what a holder's elements are counted by: the objects of a path, or what
// the maps and slices of that path say of themselves.
type counted struct {
	key string // of the path
	own bool   // they say it themselves
}

// measure fills in what grows below the holder.
func (d *diff) measure(h *Holder, i int32) {
	best, by := 0.0, int32(-1)
	grow := d.kids[i]
	if d.multiplies(i) {
		grow = []int32{i}
	}
	for _, k := range grow {
		if !d.multiplies(k) {
			continue
		}
		h.Objects += float64(d.objects[k]) / d.requests
		if e := float64(d.count[k]) / d.requests; e > best {
			best, by = e, k
		}
	}
	c := counted{}
	if own := float64(d.node(i).Elements-d.elements[i]) / d.requests; own > 0 && !d.onTimers(d.path(i)) {
		best, by, c.own = own, i, true // the exact number: of its elements, small ones may share an object
	}
	if by < 0 {
		return
	}
	c.key = d.late.Key(by)
	h.counted = append(h.counted, c)
	h.Elements += best
	if c.own {
		h.From, h.To = h.From+d.elements[by], h.To+d.node(by).Elements
	} else {
		h.From, h.To = h.From+d.before[by], h.To+d.node(by).Count
	}
}

// In returns how many elements the holder had by another snapshot.
func (h *Holder) In(p *profile.Paths) int64 {
	n := int64(0)
	for i := range p.Nodes {
		for _, c := range h.counted {
			switch {
			case i == 0 || c.key != p.Key(int32(i)):
			case c.own:
				n += p.Nodes[i].Elements
			default:
				n += p.Nodes[i].Count
			}
		}
	}
	return n
}

// Grown returns what grew from one snapshot to the next, path by path: what shrank elsewhere
// makes up for nothing.
func Grown(early, late *profile.Paths) (bytes, objects int64) {
	d := newDiff(early, late, 1)
	for i := 1; i < len(d.own); i++ {
		bytes += max(0, d.own[i])
		objects += max(0, d.count[i])
	}
	return bytes, objects
}
