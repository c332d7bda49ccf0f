package chart

import (
	"math"
	"time"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
)

// SetPath returns the working set as a line. Of the samples that fall on one column of
// pixels it draws the first, the lowest, the highest and the last, so that a spike one
// sample wide is seen however many samples there are. It is broken where none was taken
// for longer than gap, and where the target was started anew.
func SetPath(s profile.Series, x, y Scale, gap time.Duration) string {
	var p Line
	var col column
	var before time.Duration
	for i := range s {
		set, ok := s[i].Value(profile.WorkingSet)
		if s[i].Seam() {
			col.draw(&p)
			p.Lift()
		}
		if !ok {
			continue
		}
		if col.seen && s[i].At-before > gap {
			col.draw(&p)
			p.Lift()
		}
		before = s[i].At
		px, py := x.At(s[i].At.Seconds()), y.At(float64(set))
		if col.seen && math.Floor(px) != math.Floor(col.first.X) {
			col.draw(&p)
		}
		col.add(point{px, py})
	}
	col.draw(&p)
	return p.String()
}

// column is what falls on one column of pixels.
type column struct {
	seen                     bool
	first, top, bottom, last point
}

func (c *column) add(p point) {
	if !c.seen {
		*c = column{true, p, p, p, p}
		return
	}
	if p.Y < c.top.Y {
		c.top = p
	}
	if p.Y > c.bottom.Y {
		c.bottom = p
	}
	c.last = p
}

// draw adds the column to p, in the order of time, and empties it.
func (c *column) draw(p *Line) {
	if !c.seen {
		return
	}
	points := []point{c.first, c.top, c.bottom, c.last}
	if c.bottom.X < c.top.X {
		points[1], points[2] = c.bottom, c.top
	}
	for i, pt := range points {
		if i == 0 || pt != points[i-1] {
			p.To(pt.X, pt.Y)
		}
	}
	*c = column{}
}

// drawLoad draws requests and failures per second.
func (c *Chart) drawLoad(r *report.Record, x Scale) {
	rates := rates(r)
	if len(rates) == 0 {
		return
	}
	c.HasLoad = true
	c.LoadTop = c.TimesTop + 36
	c.TimesTop = c.LoadTop + c.LoadHeight
	high := 1.0
	for _, s := range rates {
		high = max(high, s.requests, s.errors)
	}
	step := niceStep(high, 3)
	y := Scale{0, math.Ceil(high/step) * step, c.TimesTop, c.LoadTop}
	for v := 0.0; v <= y.Hi*1.0001 && len(c.Rates) < 10; v += step {
		c.Rates = append(c.Rates, Tick{At: y.At(v), Label: TickLabel(v, step)})
	}
	var steps Line
	var peaks []bar
	last := 0.0
	for _, s := range rates {
		from, to := max(x.At(s.from), last), x.At(s.to)
		if from > to {
			continue
		}
		if steps.open && from > last+3 {
			steps.Lift()
		}
		last = to
		steps.To(from, y.At(s.requests))
		steps.To(to, y.At(s.requests))
		if s.errors > 0 {
			top := y.At(s.errors)
			peaks = append(peaks, bar{from, top, max(1, round(to-from-0.5)), round(c.TimesTop - top)})
		}
	}
	c.Rate, c.Errors = steps.String(), peaks
}

// rate is requests and failures per second over some seconds since the run's start.
type rate struct{ from, to, requests, errors float64 }

// mostRates is how many steps the load's picture has at most.
const mostRates = 600

// rates returns the load over the whole run: the measured load by its own timeline, the
// other phases by the requests that the samples count.
func rates(r *report.Record) []rate {
	measured, ok := r.Phase(report.Load)
	wide := rateWidth(r)
	var all []rate
	if ok {
		all = append(all, sampledRates(r.Samples.Between(0, measured.From), wide)...)
	}
	all = append(all, timelineRates(r, measured.From, wide)...)
	if ok {
		all = append(all, sampledRates(r.Samples.Between(measured.To, r.End()), wide)...)
	}
	return all
}

// rateWidth returns how long one step of the load's picture is, in whole seconds.
func rateWidth(r *report.Record) time.Duration {
	if r.End() <= mostRates*time.Second {
		return time.Second
	}
	return (r.End() / mostRates).Truncate(time.Second) + time.Second
}

// inRun returns the load's timeline as far as it lies in the run, whose load starts at start.
func inRun(r *report.Record, start time.Duration) []load.Second {
	var in []load.Second
	for _, s := range r.Load.PerSecond {
		if at := start + s.At; s.At >= 0 && at >= start && at <= r.End() {
			in = append(in, s)
		}
	}
	return in
}

func timelineRates(r *report.Record, start, wide time.Duration) []rate {
	var all []rate
	for _, s := range inRun(r, start) {
		from := (start + s.At.Truncate(wide)).Seconds()
		if n := len(all); n == 0 || all[n-1].from != from {
			all = append(all, rate{from: from, to: min(from+wide.Seconds(), max(r.End(), time.Second).Seconds())})
		}
		now := &all[len(all)-1]
		now.requests += float64(s.Requests) / wide.Seconds()
		now.errors += float64(s.Errors) / wide.Seconds()
	}
	return all
}

// sampledRates returns the requests completed between samples that are some wide apart.
func sampledRates(s profile.Series, wide time.Duration) []rate {
	var all []rate
	begin := 0
	for i := range s {
		if took := s[i].At - s[begin].At; took >= wide || i == len(s)-1 && took > 0 {
			served := float64(s[i].Requests) - float64(s[begin].Requests)
			all = append(all, rate{from: s[begin].At.Seconds(), to: s[i].At.Seconds(), requests: max(0, served/took.Seconds())})
			begin = i
		}
	}
	return all
}
