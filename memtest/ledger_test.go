package memtest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
)

func TestPace(t *testing.T) {
	var s profile.Series
	for i := range 200 {
		s = append(s, profile.Sample{At: time.Duration(i) * 100 * time.Millisecond})
	}
	s[100].At += 40 * time.Millisecond
	s[150].At += 30 * time.Millisecond
	s[180].At += 20 * time.Millisecond
	for _, n := range []int{20, 30, 40} { // out of turn
		s = slices.Insert(s, n, profile.Sample{At: s[n].At - 5*time.Millisecond})
	}
	hz, longest, jitter := pace(s, 100*time.Millisecond)
	assert.InDelta(t, 10*202.0/199, hz, 1e-9)
	assert.Equal(t, 140*time.Millisecond, longest)
	assert.Equal(t, 20*time.Millisecond, jitter, "3 of 202 distances are longer")
	hz, longest, jitter = pace(s[:1], time.Second)
	assert.Zero(t, hz)
	assert.Zero(t, longest+jitter)
}

func TestPeakSaysHowItIsKnown(t *testing.T) {
	usage := func(now, peak uint64) *profile.Memory { return &profile.Memory{Usage: now, PeakUsage: peak} }
	none := func(now uint64) *profile.Memory {
		return &profile.Memory{Usage: now, Missing: profile.Fields(profile.PeakUsage)}
	}
	for name, tt := range map[string]struct {
		before, in []*profile.Memory
		reset      bool
		want       uint64
		from       report.PeakFrom
	}{
		"reset for the phase":       {[]*profile.Memory{usage(5, 90)}, []*profile.Memory{usage(10, 40), usage(11, 40)}, true, 40, report.PeakReset},
		"highest since the start":   {[]*profile.Memory{usage(5, 90)}, []*profile.Memory{usage(10, 91)}, false, 91, report.PeakHighest},
		"not as high as before":     {[]*profile.Memory{usage(5, 90)}, []*profile.Memory{usage(10, 90), usage(12, 90)}, false, 12, report.PeakSampled},
		"the kernel keeps none":     {[]*profile.Memory{none(99)}, []*profile.Memory{none(7), none(6)}, false, 7, report.PeakSampled},
		"nothing was known before":  {nil, []*profile.Memory{usage(10, 90)}, false, 10, report.PeakSampled},
		"nothing was measured":      {nil, nil, true, 0, ""},
		"a seam has nothing to say": {nil, []*profile.Memory{{Missing: profile.AllFieldsExcept()}}, true, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var p peak
			for _, m := range tt.before {
				p.see(m)
			}
			p = p.next(tt.reset)
			for _, m := range tt.in {
				p.see(m)
			}
			got, from := p.result()
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.from, from)
		})
	}
}

func TestPeakOfABudgetHeedsTheKernel(t *testing.T) {
	r := &report.Record{Phases: []report.Phase{{Name: report.Load, To: time.Minute, PeakUsage: 100 << 20, PeakFrom: report.PeakReset}}}
	for i := range 60 {
		r.Samples = append(r.Samples, profile.Sample{At: time.Duration(i) * time.Second, Memory: profile.Memory{WorkingSet: 10 << 20, InactiveFile: 5 << 20, Usage: 15 << 20}})
	}
	assert.Equal(t, float64(95<<20), peakOf(r).bytes, "less all page cache that may have been in it")
	r.Phases[0].PeakFrom = report.PeakSampled
	assert.Equal(t, float64(10<<20), peakOf(r).bytes)
}

func TestThreadTimeCounts(t *testing.T) {
	var c costs
	done := c.watch()
	began := c.now()
	for end := time.Now().Add(30 * time.Millisecond); time.Now().Before(end); {
		_ = end // nothing but time is used
	}
	c.add(began)
	done()
	assert.Greater(t, c.share(), 0.05)
	_, memory := processUse()
	assert.Greater(t, memory, uint64(1<<20))
}
