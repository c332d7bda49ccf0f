package report

import (
	"strconv"
	"time"
)

// How many events, and marks of heap profiles, the picture shows; the page lists all.
const (
	mostEvents = 8
	mostHeaps  = 60
)

func (c *chart) drawEvents(r *Record, x scale) {
	for _, h := range r.Heaps[:min(len(r.Heaps), mostHeaps)] {
		if h.At >= 0 && h.At <= r.end() {
			c.Heaps = append(c.Heaps, x.at(h.At.Seconds()))
		}
	}
	for _, f := range r.Notes {
		if len(c.Events) == mostEvents || f.At > r.end()+time.Second {
			break
		}
		if f.Kind != OOMKilled && !f.Fatal {
			if weight(f) > 0 && f.At >= 0 && len(c.Warnings) < mostEvents {
				c.Warnings = append(c.Warnings, min(x.at(f.At.Seconds()), c.Right))
			}
			continue
		}
		e := event{X: min(x.at(f.At.Seconds()), c.Right), Label: string(f.Kind) + " " + clock(f.At), Anchor: "start"}
		e.LabelX = e.X + 7
		if e.X > (c.Left+c.Right)/2 {
			e.LabelX, e.Anchor = e.X-7, "end"
		}
		c.Events = append(c.Events, e)
	}
}

// line is the d attribute of an SVG path.
type line struct {
	b    []byte
	open bool
}

func (p *line) to(x, y float64) {
	command := byte('L')
	if !p.open {
		command, p.open = 'M', true
	}
	p.b = append(p.b, command)
	p.b = strconv.AppendFloat(p.b, round(x), 'f', -1, 64)
	p.b = append(p.b, ' ')
	p.b = strconv.AppendFloat(p.b, round(y), 'f', -1, 64)
}

// lift ends a line: the next point starts another.
func (p *line) lift() { p.open = false }

func (p *line) String() string { return string(p.b) }
