package engine

import (
	"runtime"
	"slices"
	"time"

	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
)

// costs is what sampling costs this process: processor time of the sampler's thread,
// and how long it was at it.
type costs struct {
	spent   time.Duration // on samples
	began   time.Time     // of the sampler
	ran     time.Duration // from its start to its end
	harness time.Duration // processor time of the whole process when it began
}

// watch gives the calling goroutine a thread of its own, whose time can be told, until
// the function that it returns is called.
func (c *costs) watch() (done func()) {
	runtime.LockOSThread()
	c.began = time.Now()
	c.harness, _ = processUse()
	return func() {
		c.ran = time.Since(c.began)
		runtime.UnlockOSThread()
	}
}

func (c *costs) now() time.Duration { return threadTime() }

func (c *costs) add(began time.Duration) { c.spent += threadTime() - began }

// share returns the part of one core that sampling took.
func (c *costs) share() float64 {
	if c.ran <= 0 {
		return 0
	}
	return c.spent.Seconds() / c.ran.Seconds()
}

// keepLedger notes how well sampling went, and warns of what the evidence suffers from.
func (r *run) keepLedger(record *report.Record) {
	s := &record.Source
	s.Every = r.plan.Every
	s.Achieved, s.Longest, s.Jitter = pace(record.Samples, s.Every)
	s.Gaps = report.Gaps(record.Samples, s.Every)
	costs := &r.sampler.costs
	s.CPU = costs.share()
	now, memory := processUse()
	s.Harness = report.Harness{Memory: memory, CPU: now - costs.harness}
	if n, p := len(record.Samples), len(record.Phases); n > 0 && p > 0 {
		s.Since = max(0, record.Phases[p-1].To-record.Samples[n-1].At)
	}
	for _, stall := range record.Stalls() {
		r.journal.warn(stall)
	}
}

// pace returns how many samples were taken per second, the longest time without one, and
// what 99 of 100 distances are longer than planned at most. A shorter one is no jitter: a
// phase begins and ends with a sample out of turn.
func pace(s profile.Series, every time.Duration) (hz float64, longest, jitter time.Duration) {
	if len(s) < 2 {
		return 0, 0, 0
	}
	off := make([]time.Duration, 0, len(s)-1)
	for i := 1; i < len(s); i++ {
		distance := s[i].At - s[i-1].At
		longest = max(longest, distance)
		off = append(off, max(0, distance-every))
	}
	slices.Sort(off)
	return float64(len(s)-1) / (s[len(s)-1].At - s[0].At).Seconds(), longest, off[len(off)*99/100]
}
