package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/profile"
)

// TestChartShowsASpike has 60,000 samples, of which one is high and one is low.
func TestChartShowsASpike(t *testing.T) {
	r := &Record{Phases: []Phase{{Name: Load, To: 600 * time.Second}}}
	for i := range 60_000 {
		r.Samples = append(r.Samples, profile.Sample{At: time.Duration(i) * 10 * time.Millisecond, Memory: profile.Memory{WorkingSet: 50 * mib}})
	}
	r.Samples[31_234].WorkingSet = 90 * mib
	r.Samples[45_678].WorkingSet = 10 * mib
	for _, narrow := range []bool{false, true} {
		c := newChart(r, narrow)
		y, _ := c.memoryScale(r)
		assert.Contains(t, c.Set, fmt.Sprintf(" %v", y.at(90*mib)), "the spike")
		assert.Contains(t, c.Set, fmt.Sprintf(" %v", y.at(10*mib)), "the drop")
		assert.Less(t, len(c.Set), 40_000)
	}
}

func TestChartBreaksTheLineAtAGap(t *testing.T) {
	r := leakingRun()
	assert.Equal(t, 1, strings.Count(newChart(r, false).Set, "M"))
	r.Samples = append(r.Samples[:200:200], r.Samples[300:]...)
	assert.Equal(t, 2, strings.Count(newChart(r, false).Set, "M"))
	for i := 100; i < 110; i++ {
		r.Samples[i].Missing = profile.Lacking("working_set")
		r.Samples[i].WorkingSet = 0
	}
	assert.Equal(t, 2, strings.Count(newChart(r, false).Set, "M"), "one second without the figure is no gap")
	y, _ := newChart(r, false).memoryScale(r)
	assert.NotContains(t, newChart(r, false).Set, fmt.Sprintf(" %vL", y.at(0)), "a missing figure is not zero")
}

func TestChartScales(t *testing.T) {
	for name, c := range map[string]struct {
		low, high, limit uint64
		sizes            string
		limited          bool
	}{
		"from zero":     {20, 101, 0, "0 20 40 60 80 100 120", false},
		"limit is near": {20, 101, 128, "0 50 100 150", true},
		"limit is far":  {20, 101, 256, "0 20 40 60 80 100 120", false},
		"little change": {500, 510, 0, "450 460 470 480 490 500 510 520", false},
		"none":          {0, 0, 0, "0.00 0.02 0.04 0.06 0.08", false},
		"thousands":     {100, 4000, 0, "0 1,000 2,000 3,000 4,000 5,000", false},
		"flat":          {100, 100, 0, "90 92 94 96 98 100 102", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Record{Env: Env{Limit: c.limit * mib}, Samples: profile.Series{
				{Memory: profile.Memory{WorkingSet: c.low * mib}}, {At: time.Second, Memory: profile.Memory{WorkingSet: c.high * mib}},
			}}
			chart := newChart(r, false)
			var labels []string
			for _, s := range chart.Sizes {
				labels = append(labels, s.Label)
				assert.InDelta(t, chart.Top+chart.MemoryHeight/2, s.At, chart.MemoryHeight/2+0.1)
			}
			assert.Equal(t, c.sizes, strings.Join(labels, " "))
			assert.Equal(t, c.limited, chart.Limit != nil)
		})
	}
}

func TestChartOfLoad(t *testing.T) {
	r := killedRun()
	c := newChart(r, false)
	require.True(t, c.HasLoad)
	assert.Len(t, c.Errors, 4)
	require.Len(t, c.Events, 1)
	assert.Equal(t, "oom-killed 00:53", c.Events[0].Label)
	assert.Equal(t, c.Right, c.Events[0].X)

	rates := r.rates()
	assert.InDelta(t, 200, rates[0].requests, 3, "the warm-up's rate is taken from the samples")
	assert.InDelta(t, 53, rates[len(rates)-1].to, 1.01)

	long := longRun()
	assert.LessOrEqual(t, len(long.rates()), 2*mostRates)
	assert.Nil(t, newChart(emptyRun(), false))
}
