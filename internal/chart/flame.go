package chart

import (
	"fmt"
	"strings"

	"github.com/memgate/memgate/internal/text"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/profile/heap"
)

// Flame is the icicle of retained memory with every coordinate in pixels. The whole
// heap is on top, what it called below.
type Flame struct {
	Width, Height float64
	Desc          string
	Boxes         []flameBox
}

// flameBox is one call. What it holds more or less is told by a colour, by a sign in
// its label and by its title.
type flameBox struct {
	X, Y, Width, Height float64
	TextX, TextY        float64
	Fill                string
	Label               string // empty if there is no room
	Title               string
}

const (
	flameWidth  = 1000
	flameRow    = 19
	flameLetter = 6.3 // pixels of a letter, on average
	thinnest    = 1   // pixels of a box
	mostFlame   = 400 // boxes
	deepest     = 64  // rows
)

// NewFlame draws the boxes; nil if there is nothing to draw. Boxes of a record from
// elsewhere may be anything: those that fit nowhere are left out.
func NewFlame(boxes []heap.Box) *Flame {
	if len(boxes) == 0 || boxes[0].Weight <= 0 || boxes[0].Depth != 0 {
		return nil
	}
	f := &Flame{Width: flameWidth}
	scale := flameWidth / float64(boxes[0].Weight)
	next := []float64{0} // by depth: where the next box starts
	ends := []float64{flameWidth}
	for i, b := range boxes {
		if i == mostFlame {
			break
		}
		if b.Depth < 0 || b.Depth >= len(next) || b.Depth >= deepest || i > 0 && b.Depth == 0 || b.Weight <= 0 {
			continue
		}
		x := next[b.Depth]
		width := min(float64(b.Weight)*scale, ends[b.Depth]-x)
		if width < thinnest {
			continue
		}
		next[b.Depth] = x + width
		next, ends = append(next[:b.Depth+1], x), append(ends[:b.Depth+1], x+width)
		f.Boxes = append(f.Boxes, newFlameBox(b, x, width))
		f.Height = max(f.Height, float64(b.Depth+1)*flameRow)
	}
	f.Desc = "Every box is a function: as wide as what it and the functions below it, which it calls, hold at most. " +
		"Growth is red and marked ▲, shrinkage is blue and marked ▼."
	return f
}

func newFlameBox(b heap.Box, x, width float64) flameBox {
	name := b.Func
	if b.Depth == 0 {
		name = "live heap"
	}
	change := b.After - b.Before
	sign := ""
	switch {
	case change >= words.LeastMiB:
		sign = "▲ " + words.SignedMiB(change) + " "
	case change <= -words.LeastMiB:
		sign = "▼ " + words.SignedMiB(change) + " "
	}
	size, unit := words.Sizes(uint64(max(b.Before, 0)), uint64(max(b.After, 0)))
	box := flameBox{
		X: tenth(x), Y: float64(b.Depth) * flameRow, Width: tenth(width), Height: flameRow - 1,
		Fill:  shade(float64(change) / float64(b.Weight)),
		Title: fmt.Sprintf("%s: %s → %s %s (%s)", name, size[0], size[1], unit, words.SignedMiB(change)),
	}
	box.TextX, box.TextY = tenth(x+4), box.Y+13
	if room := int((width - 8) / flameLetter); room >= 4 {
		box.Label = text.OneLine(sign+shortName(name), room)
	}
	return box
}

// shortName returns a function without its package's path.
func shortName(fn string) string {
	head, rest, generic := strings.Cut(fn, "[")
	head = head[strings.LastIndexByte(head, '/')+1:]
	if generic {
		return head + "[" + rest
	}
	return head
}

func tenth(v float64) float64 { return float64(int(v*10+0.5)) / 10 }

// shade returns the colour of a box that changed by that share of its width: from grey to
// red for growth, to blue for shrinkage.
func shade(share float64) string {
	grey, end := [3]float64{233, 236, 240}, [3]float64{240, 128, 96}
	if share < 0 {
		share, end = -share, [3]float64{110, 168, 232}
	}
	share = min(share, 1)
	var c [3]int
	for i := range c {
		c[i] = int(grey[i] + (end[i]-grey[i])*share)
	}
	return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2])
}
