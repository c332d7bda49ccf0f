package chart

import (
	"strconv"
	"time"

	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
)

// How many events, and marks of heap profiles, the picture shows; the page lists all.
const (
	mostEvents = 8
	mostHeaps  = 60
)

func (c *Chart) drawEvents(r *report.Record, x Scale) {
	for _, h := range r.HeapProfiles[:min(len(r.HeapProfiles), mostHeaps)] {
		if h.At >= 0 && h.At <= r.End() {
			c.Heaps = append(c.Heaps, x.At(h.At.Seconds()))
		}
	}
	for _, f := range r.Notes {
		if len(c.Events) == mostEvents || f.At > r.End()+time.Second {
			break
		}
		if f.Kind != report.OOMKilled && !f.Fatal {
			if tell.Weight(f) > 0 && f.At >= 0 && len(c.Warnings) < mostEvents {
				c.Warnings = append(c.Warnings, min(x.At(f.At.Seconds()), c.Right))
			}
			continue
		}
		e := event{X: min(x.At(f.At.Seconds()), c.Right), Label: string(f.Kind) + " " + words.Clock(f.At), Anchor: "start"}
		e.LabelX = e.X + 7
		if e.X > (c.Left+c.Right)/2 {
			e.LabelX, e.Anchor = e.X-7, "end"
		}
		c.Events = append(c.Events, e)
	}
}

// Line is the d attribute of an SVG path.
type Line struct {
	b    []byte
	open bool
}

// To draws on to a point, or begins there.
func (p *Line) To(x, y float64) {
	command := byte('L')
	if !p.open {
		command, p.open = 'M', true
	}
	p.b = append(p.b, command)
	p.b = strconv.AppendFloat(p.b, round(x), 'f', -1, 64)
	p.b = append(p.b, ' ')
	p.b = strconv.AppendFloat(p.b, round(y), 'f', -1, 64)
}

// Lift ends a line: the next point starts another.
func (p *Line) Lift() { p.open = false }

func (p *Line) String() string { return string(p.b) }
