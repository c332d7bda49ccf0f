package chart

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/fixture"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
)

// TestChartShowsASpike has 60,000 samples, of which one is high and one is low.
func TestChartShowsASpike(t *testing.T) {
	r := &report.Record{Phases: []report.Phase{{Name: report.Load, To: 600 * time.Second}}}
	for i := range 60_000 {
		r.Samples = append(r.Samples, profile.Sample{At: time.Duration(i) * 10 * time.Millisecond, Memory: profile.Memory{WorkingSet: 50 * words.Mib}})
	}
	r.Samples[31_234].WorkingSet = 90 * words.Mib
	r.Samples[45_678].WorkingSet = 10 * words.Mib
	for _, narrow := range []bool{false, true} {
		c := New(r, narrow)
		y, _ := c.MemoryScale(r)
		assert.Contains(t, c.Set, fmt.Sprintf(" %v", y.At(90*words.Mib)), "the spike")
		assert.Contains(t, c.Set, fmt.Sprintf(" %v", y.At(10*words.Mib)), "the drop")
		assert.Less(t, len(c.Set), 40_000)
	}
}

func TestChartBreaksTheLineAtAGap(t *testing.T) {
	r := fixture.Leaking()
	assert.Equal(t, 1, strings.Count(New(r, false).Set, "M"))
	r.Samples = append(r.Samples[:200:200], r.Samples[300:]...)
	assert.Equal(t, 2, strings.Count(New(r, false).Set, "M"))
	for i := 100; i < 110; i++ {
		r.Samples[i].Missing = profile.Fields(profile.WorkingSet)
		r.Samples[i].WorkingSet = 0
	}
	assert.Equal(t, 2, strings.Count(New(r, false).Set, "M"), "one second without the figure is no gap")
	y, _ := New(r, false).MemoryScale(r)
	assert.NotContains(t, New(r, false).Set, fmt.Sprintf(" %vL", y.At(0)), "a missing figure is not zero")
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
			r := &report.Record{Env: report.Env{Limit: c.limit * words.Mib}, Samples: profile.Series{
				{Memory: profile.Memory{WorkingSet: c.low * words.Mib}}, {At: time.Second, Memory: profile.Memory{WorkingSet: c.high * words.Mib}},
			}}
			chart := New(r, false)
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
	r := fixture.Killed()
	c := New(r, false)
	require.True(t, c.HasLoad)
	assert.Len(t, c.Errors, 4)
	require.Len(t, c.Events, 1)
	assert.Equal(t, "oom-killed 00:53", c.Events[0].Label)
	assert.Equal(t, c.Right, c.Events[0].X)

	steps := rates(r)
	assert.InDelta(t, 200, steps[0].requests, 3, "the warm-up's rate is taken from the samples")
	assert.InDelta(t, 53, steps[len(steps)-1].to, 1.01)

	long := fixture.Long()
	assert.LessOrEqual(t, len(rates(long)), 2*mostRates)
	assert.Nil(t, New(fixture.Empty(), false))
}

func TestTrendIsDrawnThroughWhatDecided(t *testing.T) {
	r := fixture.Leaking()
	c := New(r, false)
	assert.NotEmpty(t, c.Trend)
	assert.NotEmpty(t, c.TrendBand)
	assert.Contains(t, c.TrendBand, "Z")
	y, _ := c.MemoryScale(r)
	first, last := moments(r)[0], moments(r)[len(moments(r))-1]
	rise := y.At(first.bytes) - y.At(first.bytes+r.Trend.PerRequest.Value*(last.requests-first.requests))
	assert.InDelta(t, rise, heightOf(c.Trend), 1, "the line rises by the slope")

	r.Trend.PerRequest.Points = 0
	assert.Empty(t, New(r, false).Trend, "no estimate, no line")
}

// heightOf is how far a path's end lies above its start.
func heightOf(path string) float64 {
	points := pointsOf(path)
	return points[0].Y - points[len(points)-1].Y
}

// pointsOf is the points of a path of M and L.
func pointsOf(path string) []point {
	var points []point
	for _, pair := range strings.FieldsFunc(path, func(r rune) bool { return r == 'M' || r == 'L' || r == 'Z' }) {
		var p point
		if _, err := fmt.Sscan(pair, &p.X, &p.Y); err == nil {
			points = append(points, p)
		}
	}
	return points
}
