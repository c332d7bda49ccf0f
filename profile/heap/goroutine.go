package heap

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// GoroutineProfile is what the target's goroutines did at one moment.
type GoroutineProfile struct {
	At       time.Duration // since the run started
	Requests uint64        // requests completed by then, warm-up included
	Raw      []byte        // their number by stack: a file of it is what go tool pprof opens
	Leaked   []byte        // those that the runtime knows to wait for ever; nil where the target does not serve that
	Started  Creators      // who started them, where it was asked
}

// GoroutineGrowth is a stack whose goroutines grew in number with requests.
type GoroutineGrowth struct {
	Func string // the function that waits: the first of the user's own code from there outwards, else as in Site
	File string
	Line int

	Blocked string // what it waits in, where it is not Func itself: "net.(*conn).Read net.go:194"
	State   string // what for: "chan receive", "select", "IO wait", …; "" if that is not known
	Started string // the line that started it: "main.watch main.go:60"; where not known, the goroutine's first function

	Count      int64   // goroutines more than at first
	PerRequest float64 // goroutines per completed request; 0 where no requests were completed
	Lo, Hi     float64 // 95 % interval of PerRequest; both 0 where there were too few profiles to tell
	Leaked     int64   // those of them that the runtime itself knows to wait for ever, at the end; 0 where it was not asked

	Stack []string // "func file:line" from the waiting frame outwards
}

// GrowingGoroutines finds the stacks whose goroutines grow in number with requests, most
// per request first, from profiles in the order of time. Goroutines are counted, not
// sampled. From four profiles on it lists only stacks that grow in nearly every
// interval and go on to the end; of two or three, those that are more at the end.
//
// At most 20 stacks are listed. A profile that cannot be read is left out, and the
// error names it.
func GrowingGoroutines(looks []GoroutineProfile) ([]GoroutineGrowth, error) {
	c := crowd{byStack: map[string]*parked{}, started: Creators{}}
	var errs []error
	for i, look := range looks {
		if err := c.add(look); err != nil {
			errs = append(errs, fmt.Errorf("read goroutine profile %d of %d, taken at %v: %w", i+1, len(looks), look.At.Round(time.Millisecond), err))
		}
	}
	if len(c.requests) < 2 {
		errs = append(errs, fmt.Errorf("find growth of goroutines: %d profiles that can be read are not enough", len(c.requests)))
		return nil, errors.Join(errs...)
	}
	return c.growing(), errors.Join(errs...)
}

const maxGoroutines = 20

// crowd is the number of goroutines at every stack over a series of profiles.
type crowd struct {
	requests []float64
	byStack  map[string]*parked
	started  Creators
}

// parked is the goroutines at one stack.
type parked struct {
	where place // the first frame of the user's own code
	stack []place
	count []float64
	stuck int64 // known to wait for ever
}

// add adds the next look; nothing of it where it cannot be read.
func (c *crowd) add(look GoroutineProfile) error {
	p, err := parse(look.Raw, parkedKind)
	if err != nil {
		return err
	}
	n := len(c.requests)
	c.requests = append(c.requests, float64(look.Requests))
	for key, s := range p.parked() {
		if c.byStack[key] == nil {
			if len(c.byStack) >= maxTotals {
				continue
			}
			s.count = append(make([]float64, n), s.count...)
			c.byStack[key] = s
			continue
		}
		c.byStack[key].count = append(c.byStack[key].count, s.count[0])
	}
	for _, s := range c.byStack {
		if len(s.count) == n {
			s.count = append(s.count, 0)
		}
	}
	for k, by := range look.Started {
		c.started[k] = by
	}
	if len(look.Leaked) == 0 {
		return nil
	}
	if p, err = parse(look.Leaked, leakedKind); err != nil {
		return fmt.Errorf("those that wait for ever: %w", err)
	}
	for _, s := range c.byStack {
		s.stuck = 0
	}
	for key, s := range p.parked() {
		if known := c.byStack[key]; known != nil {
			known.stuck = int64(s.count[0])
		}
	}
	return nil
}

// parked returns the goroutines of one profile by stack.
func (p *heapProfile) parked() map[string]*parked {
	frames := newFrames(p.Profile)
	all := map[string]*parked{}
	for _, s := range p.Sample {
		t := total{biggest: s.Location}
		stack := t.stack()
		key := strings.Join(words(stack), "\n")
		if all[key] == nil {
			where, _ := frames.site(s.Location)
			all[key] = &parked{where: where, stack: stack, count: []float64{0}}
		}
		all[key].count[0] += float64(s.Value[p.bytes])
	}
	return all
}

func (c *crowd) growing() []GoroutineGrowth {
	keep, x, requests := (&growth{requests: c.requests}).axis()
	var list []GoroutineGrowth
	for _, p := range c.byStack {
		count := pick(p.count, keep)
		last := len(count) - 1
		if count[last] <= count[0] {
			continue
		}
		s := fit(x, count, p.chance(count))
		if len(x) >= minSeries && (!s.certain || !sustained(x, count)) {
			continue
		}
		if !requests {
			s.forget()
		}
		list = append(list, p.grown(s, c.started))
	}
	slices.SortFunc(list, func(a, b GoroutineGrowth) int {
		return cmp.Or(cmp.Compare(b.PerRequest, a.PerRequest), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Func, b.Func),
			slices.Compare(a.Stack, b.Stack))
	})
	return list[:min(len(list), maxGoroutines)]
}

// chance returns the variance of counts that comes from requests which happened to be in
// flight: at most the fewest that were ever there, and one.
func (p *parked) chance(count []float64) []float64 {
	variance := make([]float64, len(count))
	for i := range variance {
		variance[i] = 1 + slices.Min(count)
	}
	return variance
}

func (p *parked) grown(s slope, started Creators) GoroutineGrowth {
	g := GoroutineGrowth{
		Func: p.where.fn, File: p.where.file, Line: p.where.line(),
		Count: int64(s.rise), PerRequest: s.slope, Lo: s.lo, Hi: s.hi, Leaked: p.stuck,
		Stack: words(p.stack), State: state(p.stack),
	}
	if len(p.stack) == 0 {
		return g
	}
	entry := p.stack[len(p.stack)-1]
	inner := entry
	if i := slices.IndexFunc(p.stack, func(f place) bool { return !isRuntime(f.fn) }); i >= 0 {
		inner = p.stack[i]
	}
	switch {
	case isRuntime(p.where.fn): // no frame is the user's or a dependency's
		g.Func, g.File, g.Line = inner.fn, inner.file, inner.line()
	case inner != p.where:
		g.Blocked = inner.short()
	}
	g.Started = cmp.Or(started[starterKey{inner.fn, entry.fn}], started[starterKey{entry: entry.fn}], entry.short())
	return g
}

// short returns a place as it is read in a line of text: "main.watch main.go:60".
func (p place) short() string { return p.fn + " " + path.Base(p.file) + ":" + strconv.Itoa(p.line()) }

func isRuntime(fn string) bool {
	return strings.HasPrefix(fn, "runtime.") || strings.HasPrefix(fn, "internal/runtime/")
}

// states are what goroutines wait for, by the function of the runtime that they wait
// in, as a traceback names it.
var states = []struct{ fn, state string }{
	{"runtime.chanrecv", "chan receive"}, {"runtime.chansend", "chan send"}, {"runtime.selectgo", "select"},
	{"runtime.block", "select (no cases)"}, {"runtime.netpollblock", "IO wait"}, {"internal/poll.runtime_pollWait", "IO wait"},
	{"time.Sleep", "sleep"}, {"sync.runtime_notifyListWait", "sync.Cond.Wait"}, {"sync.runtime_SemacquireWaitGroup", "sync.WaitGroup.Wait"},
	{"internal/sync.runtime_SemacquireMutex", "sync.Mutex.Lock"}, {"sync.runtime_SemacquireMutex", "sync.Mutex.Lock"},
	{"sync.runtime_SemacquireRWMutex", "sync.RWMutex.Lock"}, {"runtime.semacquire", "semacquire"},
}

func state(stack []place) string {
	for _, s := range states {
		if slices.ContainsFunc(stack[:min(len(stack), 6)], func(p place) bool { return strings.HasPrefix(p.fn, s.fn) }) {
			return s.state
		}
	}
	return ""
}
