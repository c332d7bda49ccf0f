package profile

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// at is a sample with that working set, taken that many milliseconds into the run.
func at(ms int, workingSet uint64) Sample {
	return Sample{At: time.Duration(ms) * time.Millisecond, Memory: Memory{WorkingSet: workingSet}}
}

// blind is a sample whose source has no working set. What stands in the field
// must not count.
func blind(ms int) Sample {
	s := at(ms, 1<<40)
	s.Missing = Fields(WorkingSet)
	return s
}

func TestBetweenIncludesBothEnds(t *testing.T) {
	s := Series{at(0, 1), at(100, 2), at(200, 3), at(300, 4)}
	for _, c := range []struct {
		from, to int
		want     Series
	}{
		{100, 200, s[1:3]},
		{101, 299, s[2:3]},
		{-5, 1000, s},
		{201, 299, nil},
		{300, 100, nil},
		{301, 400, nil},
	} {
		got := s.Between(time.Duration(c.from)*time.Millisecond, time.Duration(c.to)*time.Millisecond)
		assert.Equal(t, c.want, got, "between %d and %d ms", c.from, c.to)
	}
}

func TestBetweenDoesNotLetAppendOverwrite(t *testing.T) {
	s := Series{at(0, 1), at(100, 2)}
	_ = append(s.Between(0, 0), at(50, 9))
	assert.Equal(t, uint64(2), s[1].WorkingSet)
}

func TestPeakIsTheFirstLargest(t *testing.T) {
	assert.Equal(t, at(100, 5), Series{at(0, 1), at(100, 5), blind(150), at(200, 5)}.Peak())
	assert.Equal(t, at(0, 0), Series{blind(50), at(0, 0)}.Peak())
	assert.Equal(t, Sample{}, Series{blind(50)}.Peak())
	assert.Equal(t, Sample{}, Series(nil).Peak())
}

func TestAverageIsWeightedByTime(t *testing.T) {
	assert.Equal(t, 10.0, Series{at(0, 10), at(100, 10), at(900, 10)}.Average())
	assert.Equal(t, 15.0, Series{at(0, 10), at(1000, 20)}.Average())
	assert.InDelta(t, 9.9, Series{at(0, 0), at(1, 0), at(2, 0), at(3, 0), at(20, 10), at(1000, 10)}.Average(), 0.2)
	assert.Equal(t, 15.0, Series{at(0, 10), blind(10), at(1000, 20)}.Average())
	assert.Equal(t, 15.0, Series{at(7, 10), at(7, 20)}.Average(), "one moment")
	assert.True(t, math.IsNaN(Series{blind(3)}.Average()))
}

func TestPercentileIsASamplesWorkingSet(t *testing.T) {
	s := Series{at(0, 40), at(1, 10), blind(2), at(3, 30), at(4, 20)}
	for p, want := range map[float64]float64{0: 10, 25: 10, 50: 20, 51: 30, 95: 40, 100: 40} {
		assert.Equal(t, want, s.Percentile(p), "p%g", p)
	}
	for _, p := range []float64{-1, 101, math.NaN()} {
		assert.True(t, math.IsNaN(s.Percentile(p)), "p%g", p)
	}
	assert.True(t, math.IsNaN(Series(nil).Percentile(50)))
	assert.Equal(t, at(0, 40), s[0], "the series is not sorted")
}
