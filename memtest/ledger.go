package memtest

import (
	"fmt"
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
func (m *measurement) keepLedger() {
	r := m.record
	s := &r.Source
	s.Every = m.scenario.Every
	s.Achieved, s.Longest, s.Jitter = pace(r.Samples, s.Every)
	s.Gaps = report.Gaps(r.Samples, s.Every)
	s.CPU = m.costs.share()
	now, memory := processUse()
	s.Harness = report.Harness{Memory: memory, CPU: now - m.costs.harness}
	if n, p := len(r.Samples), len(r.Phases); n > 0 && p > 0 {
		s.Since = max(0, r.Phases[p-1].To-r.Samples[n-1].At)
	}
	for _, stall := range r.Stalls() {
		m.note(report.Finding{Kind: report.Warning, Summary: stall})
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

// sinceInWords returns how old the last good sample is, if that is more than planned.
func (m *measurement) sinceInWords() string {
	n := len(m.record.Samples)
	if n == 0 {
		return ""
	}
	since := time.Since(m.began) - m.record.Samples[n-1].At
	if since < 3*time.Second {
		return ""
	}
	return fmt.Sprintf("  no sample for %v", since.Round(time.Second))
}
