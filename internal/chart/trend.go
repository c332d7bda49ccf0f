package chart

import (
	"math"
	"slices"
	"time"

	"github.com/memgate/memgate/internal/stats"
	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// moment is one point that the trend is laid through.
type moment struct{ seconds, requests, bytes float64 }

// mostMoments is how many points the trend's line has at most: it bends only where the
// request rate changes.
const mostMoments = 60

// drawTrend draws growth per request through the measured load, and the band between
// the ends of its interval. All three go through the middle of the live heaps, or of the
// working set where that decided: the slope is what was estimated, not the height.
func (c *Chart) drawTrend(r *report.Record, x, y Scale) {
	t := r.Trend.PerRequest
	points := moments(r)
	if t.Points == 0 || len(points) < 2 || !stats.Finite(t.Value) {
		return
	}
	middle := points[len(points)/2].requests
	height := func(slope float64) float64 { // bytes at the middle
		rest := make([]float64, len(points))
		for i, p := range points {
			rest[i] = p.bytes - slope*(p.requests-middle)
		}
		slices.Sort(rest)
		return rest[len(rest)/2]
	}
	along := func(slope float64) []point {
		at := height(slope)
		line := make([]point, len(points))
		for i, p := range points {
			v := at + slope*(p.requests-middle)
			line[i] = point{x.At(p.seconds), min(max(y.At(v), c.Top), c.Top+c.MemoryHeight)}
		}
		return line
	}
	c.Trend = pathOf(along(t.Value))
	if t.Interval() && stats.Finite(t.Lo) && stats.Finite(t.Hi) && t.Lo < t.Hi {
		back := along(t.Lo)
		slices.Reverse(back)
		c.TrendBand = pathOf(append(along(t.Hi), back...)) + "Z"
	}
}

func pathOf(points []point) string {
	var p Line
	for _, pt := range points {
		p.To(pt.X, pt.Y)
	}
	return p.String()
}

// moments returns what the trend was estimated from, thinned out: live heaps, or samples where
// there are none or the working set decided.
func moments(r *report.Record) []moment {
	var all []moment
	if r.Trend.Signal == leak.LiveHeap || r.Trend.Signal == leak.HeapObjects {
		for _, f := range r.LiveHeapsDuring(report.Load) {
			all = append(all, moment{f.At.Seconds(), float64(f.Requests), float64(f.Live())})
		}
	}
	if len(all) < 2 {
		all = nil
		during := r.During(report.Load)
		for i := range during {
			if set, ok := during[i].Value(profile.WorkingSet); ok {
				all = append(all, moment{during[i].At.Seconds(), float64(during[i].Requests), float64(set)})
			}
		}
	}
	if len(all) <= mostMoments {
		return all
	}
	thin := make([]moment, mostMoments)
	for i := range thin {
		thin[i] = all[i*(len(all)-1)/(mostMoments-1)]
	}
	return thin
}

// drawLatency draws the 99th percentile of latency in each second of the measured load.
func (c *Chart) drawLatency(r *report.Record, x Scale) {
	measured, _ := r.Phase(report.Load)
	seconds := inRun(r, measured.From)
	wide := rateWidth(r)
	var worst time.Duration
	for _, s := range seconds {
		worst = max(worst, s.P99)
	}
	if worst <= 0 {
		return
	}
	c.HasLatency = true
	c.LatencyTop = c.TimesTop + 34
	c.TimesTop = c.LatencyTop + c.LatencyHeight
	unit := time.Millisecond
	c.LatencyUnit = "ms"
	if worst > 10*time.Second {
		unit, c.LatencyUnit = time.Second, "s"
	}
	high := float64(worst) / float64(unit)
	step := niceStep(high, 2)
	y := Scale{0, math.Ceil(high/step) * step, c.TimesTop, c.LatencyTop}
	for v := 0.0; v <= y.Hi*1.0001 && len(c.Latencies) < 10; v += step {
		c.Latencies = append(c.Latencies, Tick{At: y.At(v), Label: TickLabel(v, step)})
	}
	c.Latency = latencySteps(seconds, measured.From, wide, x, y, unit)
}

// latencySteps returns the worst 99th percentile of each wide part of the load, as steps.
func latencySteps(seconds []load.Second, start, wide time.Duration, x, y Scale, unit time.Duration) string {
	var steps Line
	for i := 0; i < len(seconds); {
		from := seconds[i].At.Truncate(wide)
		var p99 time.Duration
		for ; i < len(seconds) && seconds[i].At.Truncate(wide) == from; i++ {
			p99 = max(p99, seconds[i].P99)
		}
		if p99 == 0 { // nothing was answered
			steps.Lift()
			continue
		}
		left, right := x.At((start + from).Seconds()), min(x.At((start+from+wide).Seconds()), x.To)
		level := y.At(float64(p99) / float64(unit))
		steps.To(left, level)
		steps.To(right, level)
	}
	return steps.String()
}
