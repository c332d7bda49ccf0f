package chart

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// Chart is the picture of a run, with every coordinate in pixels: memory over time,
// and below it, on the same time axis, the load. The template only writes it down.
type Chart struct {
	ID            string
	Narrow        bool // for a phone: shown by the style sheet only
	Leaking       bool // live heaps are drawn in the colour of trouble
	Title, Desc   string
	Width, Height float64

	Left, Right         float64 // of both panels
	Ticks, Inner        float64 // where labels end left of the panels, and begin in them
	Top, MemoryHeight   float64
	LoadTop, LoadHeight float64
	TimesTop            float64 // of the time axis

	End       float64 // of the run, in seconds
	Low, High float64 // bytes at the lower and upper edge of the memory panel
	Bands     []band
	Times     []Tick
	Sizes     []Tick // memory axis
	Set       string // path of the working set
	Live      []point
	LiveLine  string
	Labels    []label // of the first and last live heap
	Limit     *Tick
	Events    []event
	HasLoad   bool
	Rates     []Tick // load axis
	Rate      string // path of requests per second
	Errors    []bar
	Trend     string    // path of the trend
	TrendBand string    // path around it
	Warnings  []float64 // findings that did not end the run
	Heaps     []float64 // when heap profiles were taken

	HasLatency                bool
	LatencyTop, LatencyHeight float64
	Latencies                 []Tick // latency axis
	Latency                   string // path of the 99th percentile
	LatencyUnit               string
}

type point struct{ X, Y float64 }

// Tick is a mark on an axis, with its label.
type Tick struct {
	At            float64
	Label, Anchor string
}

type label struct {
	X, Y         float64
	Text, Anchor string
}

type band struct {
	X, Width, Middle float64
	Label            string // empty if there is no room
	Judged           bool   // the measured load: what judges look at
}

type event struct {
	X, LabelX     float64
	Label, Anchor string
}

type bar struct{ X, Y, Width, Height float64 }

// Scale turns values from Lo to Hi into pixels from From to To.
type Scale struct{ Lo, Hi, From, To float64 }

// At returns the pixel of a value.
func (s Scale) At(v float64) float64 {
	return round(s.From + (v-s.Lo)/(s.Hi-s.Lo)*(s.To-s.From))
}

func round(px float64) float64 { return math.Round(px*10) / 10 }

const letter = 6.8 // pixels that a letter of the charts' font takes, about

// New draws the run for a page that is wide or narrow. It is nil if there is
// nothing to draw.
func New(r *report.Record, narrow bool) *Chart {
	if len(r.Samples) == 0 && len(r.LiveHeaps) == 0 && len(r.Load.PerSecond) == 0 {
		return nil
	}
	c := NewCanvas(narrow)
	c.Leaking = r.Trend.Verdict == leak.Leaking
	c.Title = "Memory and load of " + r.Name + " over time"
	c.Desc = chartInWords(r)
	x := c.DrawTime(r)
	c.drawMemory(r, x)
	c.TimesTop = c.Top + c.MemoryHeight
	c.drawLoad(r, x)
	c.drawLatency(r, x)
	c.drawEvents(r, x)
	c.Height = c.TimesTop + 26
	return c
}

// NewCanvas returns an empty chart for a page that is wide or narrow.
func NewCanvas(narrow bool) *Chart {
	c := &Chart{ID: "wide", Narrow: narrow, Width: 960, Left: 52, Right: 936, Top: 26, MemoryHeight: 280, LoadHeight: 64, LatencyHeight: 44}
	if narrow {
		c.ID, c.Width, c.Left, c.Right, c.MemoryHeight, c.LoadHeight, c.LatencyHeight = "narrow", 340, 36, 328, 200, 52, 40
	}
	c.Ticks, c.Inner = c.Left-8, c.Left+8
	return c
}

// MemoryEnd returns the lower edge of the memory panel.
func (c *Chart) MemoryEnd() float64 { return c.Top + c.MemoryHeight }

// chartInWords returns the picture for those who cannot see it.
func chartInWords(r *report.Record) string {
	var s []string
	if n := len(r.Samples); n > 0 {
		peak := r.Samples.Peak()
		s = append(s, fmt.Sprintf("The working set goes from %s to %s in %s and is highest, %s, at %s.",
			words.MiB(r.Samples[0].WorkingSet), words.MiB(r.Samples[n-1].WorkingSet), words.Length(r.End()), words.MiB(peak.WorkingSet), words.Clock(peak.At)))
	}
	if live := tell.LiveHeap(r); live != "" {
		s = append(s, "Live heap: "+live+".")
	}
	if load := tell.Load(r); load != "" {
		s = append(s, "Load: "+load+".")
	}
	if n := len(r.Notes); n > 0 {
		s = append(s, fmt.Sprintf("%d findings are listed below.", n))
	}
	return strings.Join(s, " ")
}

// DrawTime draws the time axis and the phases.
func (c *Chart) DrawTime(r *report.Record) Scale {
	end := max(r.End(), time.Second)
	c.End = end.Seconds()
	x := Scale{0, c.End, c.Left, c.Right}
	step := timeStep(end.Seconds(), (c.Right-c.Left)/70)
	for s := 0.0; s <= end.Seconds() && len(c.Times) < 50; s += step {
		t := Tick{x.At(s), words.Clock(time.Duration(s) * time.Second), "middle"}
		if t.At+letter*3 > c.Width {
			t.Anchor = "end"
		}
		c.Times = append(c.Times, t)
	}
	for _, p := range r.Phases[:min(len(r.Phases), 50)] {
		from, to := x.At(p.From.Seconds()), x.At(p.To.Seconds())
		b := band{X: from, Width: round(to - from), Middle: round((from + to) / 2), Judged: p.Name == report.Load}
		if letter*float64(len(p.Name))+8 <= b.Width {
			b.Label = p.Name
		}
		c.Bands = append(c.Bands, b)
	}
	return x
}

// timeStep returns a round number of seconds of which at most n fit into span.
func timeStep(span, n float64) float64 {
	for _, s := range []float64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400} {
		if span/s <= n {
			return s
		}
	}
	return math.Ceil(span / n)
}

// drawMemory draws the working set, the live heaps and the limit.
func (c *Chart) drawMemory(r *report.Record, x Scale) {
	y, step := c.MemoryScale(r)
	c.Low, c.High = y.Lo, y.Hi
	for v := y.Lo / words.Mib; v <= y.Hi/words.Mib*1.0001 && len(c.Sizes) < 20; v += step {
		c.Sizes = append(c.Sizes, Tick{At: y.At(v * words.Mib), Label: TickLabel(v, step)})
	}
	c.Set = SetPath(r.Samples, x, y, r.Source.LongestGap())
	c.drawTrend(r, x, y)
	c.drawLive(r.LiveHeaps, x, y)
	if limit := float64(r.Env.Limit); limit > y.Lo && limit <= y.Hi {
		c.Limit = &Tick{At: y.At(limit), Label: "limit " + words.MiB(r.Env.Limit)}
	}
}

// MemoryScale fits all that is drawn, with a tick at every step of MiB. It starts at zero
// unless that would flatten what there is to see, and has the limit in it unless that
// is far away.
func (c *Chart) MemoryScale(r *report.Record) (y Scale, step float64) {
	low, high := math.Inf(1), 0.0
	for i := range r.Samples {
		if set, ok := r.Samples[i].Value(profile.WorkingSet); ok {
			low, high = min(low, float64(set)), max(high, float64(set))
		}
	}
	for _, f := range r.LiveHeaps {
		low, high = min(low, float64(f.Live())), max(high, float64(f.Live()))
	}
	if limit := float64(r.Env.Limit); limit <= 2*high {
		high = max(high, limit)
	}
	high = max(high, 64<<10)
	if low < 0.8*high || math.IsInf(low, 1) {
		low = 0
	} else {
		low = min(low-(high-low)/2, 0.9*high)
	}
	step = niceStep((high-low)/words.Mib, 6)
	y = Scale{From: c.Top + c.MemoryHeight, To: c.Top}
	y.Lo = math.Floor(low/words.Mib/step) * step * words.Mib
	y.Hi = math.Ceil((high+(high-low)/50)/words.Mib/step) * step * words.Mib
	return y, step
}

// niceStep returns 1, 2 or 5 times a power of ten, some n of which make span.
func niceStep(span, n float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(span/n)))
	for _, m := range []float64{1, 2, 5} {
		if m*power*n >= span*0.9999 {
			return m * power
		}
	}
	return 10 * power
}

// TickLabel returns v with as many decimals as steps of that size need.
func TickLabel(v, step float64) string {
	digits := 0
	if step < 1 {
		digits = int(math.Ceil(-math.Log10(step) - 1e-9))
	}
	return words.Grouped(strconv.FormatFloat(v, 'f', digits, 64))
}

const liveWidth = 9 // pixels; of live heaps that are closer, some are drawn

func (c *Chart) drawLive(live []profile.LiveHeap, x, y Scale) {
	if len(live) == 0 {
		return
	}
	most := int(c.Right-c.Left) / liveWidth
	every := (len(live) + most - 1) / most
	var joined Line
	for i := 0; i < len(live); i += every {
		p := point{x.At(live[i].At.Seconds()), y.At(float64(live[i].Live()))}
		c.Live = append(c.Live, p)
		joined.To(p.X, p.Y)
	}
	c.LiveLine = joined.String()
	if n := len(c.Live); n > 1 {
		first, last := c.Live[0], c.Live[n-1]
		size, unit := words.Sizes(live[0].Live(), live[(n-1)*every].Live())
		c.Labels = []label{
			{first.X + 4, c.below(first.X, first.X+35), size[0], "start"},
			{last.X, c.below(last.X-55, last.X), size[1] + " " + unit, "end"},
		}
	}
}

// below returns where a label goes that no live heap between two columns of pixels touches: below
// them, or above where there is no room.
func (c *Chart) below(from, to float64) float64 {
	lowest, highest := 0.0, c.MemoryEnd()
	for _, p := range c.Live {
		if from <= p.X && p.X <= to {
			lowest, highest = max(lowest, p.Y), min(highest, p.Y)
		}
	}
	if lowest+19 > c.MemoryEnd() { // it would stand in the panel below
		return highest - 12
	}
	return lowest + 19
}
