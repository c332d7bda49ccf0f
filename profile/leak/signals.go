package leak

import (
	"math"
	"slices"
	"sort"
	"time"

	"github.com/memgate/memgate/internal/stats"
	"github.com/memgate/memgate/profile"
)

// SignalName says which figure a [Signal] is of, and which one decided a [Trend].
type SignalName string

// The signals.
const (
	LiveHeap      SignalName = "live heap"    // with stacks, after collections
	HeapObjects   SignalName = "heap objects" // their number, after forced collections
	Goroutines    SignalName = "goroutines"
	Descriptors   SignalName = "file descriptors"
	Threads       SignalName = "threads"
	OffHeap       SignalName = "off-heap" // anonymous memory that is not the runtime's
	KernelMemory  SignalName = "kernel"
	Tmpfs         SignalName = "tmpfs"
	WorkingSet    SignalName = "working set"    // without page cache
	ReachableHeap SignalName = "reachable heap" // what the heap walk reached
)

// countUnits are the units of the signals that are numbers of things; the others are bytes.
var countUnits = map[SignalName]string{HeapObjects: "objects", Goroutines: "goroutines", Descriptors: "file descriptors", Threads: "threads"}

const (
	mostPoints = 64  // of a curve of samples, polls or natural collections
	mostLive   = 256 // of a curve of forced collections, which come once in some seconds
	fewestLive = 12  // forced collections that a slope is fitted to
	// fewestRuntime is how many forced collections show that the target has a
	// runtime that answers: then the working set has no say.
	fewestRuntime = 6
)

// look is the evidence as the signals need it.
type look struct {
	Evidence
	samples thinned
	missing profile.FieldSet // figures that some sample does not have
	load    clock
	span    float64 // requests completed in the window
	seconds float64 // length of the window
}

// newLook prepares evidence that has passed Evidence.fault.
func newLook(e Evidence) look {
	l := look{Evidence: e, samples: thin(e.Samples), load: loadClock(e)}
	for i := range l.samples.len() {
		l.missing |= l.samples.at(i).Missing
	}
	l.span, l.seconds = e.completed()
	return l
}

func (l *look) has(fields ...profile.Field) bool {
	return l.samples.len() > 0 && l.missing&profile.Fields(fields...) == 0
}

// hasRuntime tells whether the target's runtime spoke at all.
func (l *look) hasRuntime() bool { return len(l.Polls) > 0 || len(l.LiveHeaps) >= fewestRuntime }

// heapCurve returns the live heap with the stacks: after forced collections where there
// are enough, else after the target's own.
func (l *look) heapCurve() (c curve, forced bool) {
	if len(l.LiveHeaps) < fewestLive {
		return l.cycleCurve(), false
	}
	return l.liveCurve(func(f *profile.LiveHeap) float64 { return float64(f.HeapAlloc) + float64(f.StackInuse) }), true
}

// objectCurve returns the number of heap objects after the forced collections that told it.
func (l *look) objectCurve() (c curve, ok bool) {
	for i := range l.LiveHeaps {
		if f := &l.LiveHeaps[i]; f.HeapObjects > 0 {
			c.add(f.At.Seconds(), float64(f.Requests), float64(f.HeapObjects))
		}
	}
	return c.lowest(mostLive), len(c.x) >= fewestLive
}

// goroutineCurve returns the number of goroutines at the polls that told it.
func (l *look) goroutineCurve() (c curve, ok bool) {
	for i := range l.Polls {
		if p := &l.Polls[i]; p.Goroutines > 0 {
			c.add(p.At.Seconds(), float64(p.Requests), float64(p.Goroutines))
		}
	}
	return l.binned(c), len(c.x) >= fewestLive
}

func (l *look) liveCurve(figure func(*profile.LiveHeap) float64) curve {
	var c curve
	for i := range l.LiveHeaps {
		f := &l.LiveHeaps[i]
		c.add(f.At.Seconds(), float64(f.Requests), figure(f))
	}
	return c.lowest(mostLive)
}

func (c *curve) add(at, x, y float64) {
	c.at, c.x, c.y = append(c.at, at), append(c.x, x), append(c.y, y)
}

// cycleCurve has one point for each natural collection. A poll tells only how many
// there were since the last one: they are spread over the time between.
func (l *look) cycleCurve() curve {
	at, live := make([]float64, len(l.Polls)), make([]float64, len(l.Polls))
	stacks := make([]float64, len(l.Polls))
	for i, p := range l.Polls {
		at[i], live[i], stacks[i] = p.At.Seconds(), float64(p.HeapLive), float64(p.StackInuse)
	}
	var c curve
	believed := uint64(1 + mostCycles/(len(l.Polls)+1)) // between two polls
	for i := 1; i < len(l.Polls); i++ {
		cycles := l.Polls[i].NumGC - l.Polls[i-1].NumGC
		for k := range min(cycles, believed) {
			t := at[i-1] + (at[i]-at[i-1])*float64(k+1)/float64(cycles)
			c.add(t, stats.Interp(t, l.load.at, l.load.requests), stats.Interp(t, at, live)+stats.Interp(t, at, stacks))
		}
	}
	return c
}

// mostCycles is about how many collections in the window are believed: no target has
// more, and a damaged counter could ask for any number of points.
const mostCycles = 1 << 16

// cyclesSeen tells whether natural collections show the end of the window: ten of
// them at least, the last in its last tenth; and of few cycles after the warm-up the
// last two steps must rise as before, because a cache that has just filled shows only
// there.
func (l *look) cyclesSeen(c curve) func(cut, slope float64) bool {
	n := len(c.x)
	end := l.load.requests[len(l.load.requests)-1]
	if n < 10 || c.x[n-1] <= end-0.1*l.span {
		return func(float64, float64) bool { return false }
	}
	last := math.Inf(1)
	for i := n - 2; i < n; i++ {
		last = min(last, (c.y[i]-c.y[i-1])/(c.x[i]-c.x[i-1]))
	}
	return func(cut, slope float64) bool {
		return float64(n)*(1-cut) >= 30 || last >= 0.6*slope
	}
}

// binned returns a curve of more than mostPoints points as bins of their lowest deciles.
func (l *look) binned(c curve) curve {
	if len(c.x) <= mostPoints {
		return c
	}
	c = c.reduced(mostPoints, stats.LowestDecile)
	for i := range c.at {
		c.at[i] = stats.Interp(c.x[i], l.load.requests, l.load.at)
	}
	return c
}

// sampleCurve returns a figure of the samples in bins, without their times.
func (l *look) sampleCurve(bins int, figure func(*profile.Sample) float64, reduce stats.Reduce) curve {
	n, at := l.samples.len(), l.samples.at
	return curve{
		x: stats.Bins(n, bins, func(i int) float64 { return float64(at(i).Requests) }, stats.Mean),
		y: stats.Bins(n, bins, func(i int) float64 { return figure(at(i)) }, reduce),
	}
}

// workingSetCurve returns the working set without page cache, which the kernel takes back
// when memory is short. The lowest decile of a bin is nearest to what is retained.
func (l *look) workingSetCurve() curve {
	bins := min(mostPoints, max(fewestLive, l.samples.len()/4))
	figure := func(s *profile.Sample) float64 { return float64(s.WorkingSet) }
	if l.has(profile.Usage, profile.InactiveFile, profile.ActiveFile) {
		figure = func(s *profile.Sample) float64 {
			return float64(s.Usage) - float64(s.InactiveFile) - float64(s.ActiveFile)
		}
	}
	c := l.sampleCurve(bins, figure, stats.LowestDecile)
	c.at = stats.Bins(l.samples.len(), bins, func(i int) float64 { return l.samples.at(i).At.Seconds() }, stats.Mean)
	for i := range c.at {
		c.x[i] = stats.Interp(c.at[i], l.load.at, l.load.requests)
	}
	return c
}

// kernelCurve returns kernel memory that cannot be reclaimed.
func (l *look) kernelCurve() (c curve, ok bool) {
	if !l.hasKernel() {
		return curve{}, false
	}
	return l.sampleCurve(mostPoints, l.kernelOf(), stats.Median), true
}

func (l *look) hasKernel() bool {
	return l.has(profile.Kernel) || l.has(profile.Usage, profile.InactiveFile, profile.ActiveFile, profile.Anon)
}

// kernelOf returns a sample's kernel memory with the sockets' buffers, without what the
// kernel can drop, as far as it tells; where it does not tell, what is charged and
// neither page cache nor anonymous nor tmpfs.
func (l *look) kernelOf() func(*profile.Sample) float64 {
	optional := func(f profile.Field) float64 {
		if l.has(f) {
			return 1
		}
		return 0
	}
	if l.has(profile.Kernel) {
		sock, slab := optional(profile.Sock), optional(profile.SlabReclaimable)
		return func(s *profile.Sample) float64 {
			return float64(s.Kernel) + sock*float64(s.Sock) - slab*float64(s.SlabReclaimable)
		}
	}
	shmem := optional(profile.Shmem)
	return func(s *profile.Sample) float64 {
		return float64(s.Usage) - float64(s.InactiveFile) - float64(s.ActiveFile) - float64(s.Anon) - shmem*float64(s.Shmem)
	}
}

// tmpfsCurve returns memory in files that only memory backs.
func (l *look) tmpfsCurve() (c curve, ok bool) {
	if !l.has(profile.Shmem) {
		return curve{}, false
	}
	return l.sampleCurve(mostPoints, func(s *profile.Sample) float64 { return float64(s.Shmem) }, stats.Median), true
}

// outside returns the anonymous memory that is not the runtime's; negative where the runtime
// holds memory that it has not touched yet.
func (l *look) outside(at time.Duration, committed float64) float64 { return l.anonAt(at) - committed }

// judgeOffHeap judges memory outside the runtime's. What becomes resident of memory that
// the runtime had not touched is no growth outside it: growth must be seen above nothing.
// The slope of a leak is taken from the whole curve, below nothing too.
func (l *look) judgeOffHeap(c curve) judged {
	above := c
	above.y = slices.Clone(c.y)
	for i, y := range above.y {
		above.y[i] = max(0, y)
	}
	j := l.judgePlain(OffHeap, above, offHeapLimits)
	if j.verdict != Leaking {
		return j
	}
	if whole := l.judgePlain(OffHeap, c, offHeapLimits); whole.verdict == Leaking {
		return whole
	}
	return j
}

// offHeapCurve returns the anonymous memory, swapped out or not, that the runtime did not
// get from the system, where the runtime told how much that is: at all polls, or else
// at all live heaps.
func (l *look) offHeapCurve() (c curve, ok bool) {
	if !l.has(profile.Anon) {
		return curve{}, false
	}
	for _, p := range l.Polls {
		c.add(p.At.Seconds(), float64(p.Requests), l.outside(p.At, p.committed()))
	}
	if len(c.x) > 0 && !slices.ContainsFunc(l.Polls, func(p Poll) bool { return p.Sys == 0 }) {
		return c.medians(min(mostPoints, len(c.x)/3)), true
	}
	c = curve{}
	for _, f := range l.LiveHeaps {
		c.add(f.At.Seconds(), float64(f.Requests), l.outside(f.At, f.Committed()))
	}
	return c, len(c.x) > 0 && !slices.ContainsFunc(l.LiveHeaps, func(f profile.LiveHeap) bool { return f.Sys == 0 })
}

// medians returns a curve in bins of their medians.
func (c curve) medians(bins int) curve { return c.reduced(bins, stats.Median) }

// lowest returns a curve of at most that many points, which are bins' minima if it has more.
func (c curve) lowest(most int) curve {
	if len(c.x) <= most {
		return c
	}
	return c.reduced(most, stats.Min)
}

func (c curve) reduced(bins int, reduce stats.Reduce) curve {
	in := func(v []float64, reduce stats.Reduce) []float64 {
		return stats.Bins(len(v), bins, func(i int) float64 { return v[i] }, reduce)
	}
	return curve{in(c.at, stats.Mean), in(c.x, stats.Mean), in(c.y, reduce)}
}

// anonAt returns the anonymous memory at a moment, swapped out or not, between the two
// samples next to it.
func (l *look) anonAt(at time.Duration) float64 {
	swap := l.has(profile.Swap)
	value := func(s *profile.Sample) float64 {
		if swap {
			return float64(s.Anon) + float64(s.Swap)
		}
		return float64(s.Anon)
	}
	n := l.samples.len()
	i := sort.Search(n, func(i int) bool { return l.samples.at(i).At > at })
	if i == 0 || i == n {
		return value(l.samples.at(min(i, n-1)))
	}
	before, after := l.samples.at(i-1), l.samples.at(i)
	share := float64(at-before.At) / float64(after.At-before.At)
	return value(before) + share*(value(after)-value(before))
}
