package profile

import (
	"math"
	"sort"
	"time"

	"github.com/montanaflynn/stats"
)

// Series is a run's samples in the order of time. Its figures are of the working
// set; samples without one do not count. A sample that lacks every figure marks that
// the target ended and was started again: what is before and after it is not joined.
type Series []Sample

// Seam tells whether the sample has no figure, and so marks that the target ended
// before it and was started again.
func (s *Sample) Seam() bool { return s.Missing == AllFieldsExcept() }

// Between returns the samples from one time to the other, both included. It shares the
// memory of s.
func (s Series) Between(from, to time.Duration) Series {
	start := sort.Search(len(s), func(i int) bool { return s[i].At >= from })
	end := sort.Search(len(s), func(i int) bool { return s[i].At > to })
	if start >= end {
		return nil
	}
	return s[start:end:end]
}

// Peak returns the sample with the largest working set, the first of equals; the zero
// Sample if there is none.
func (s Series) Peak() Sample {
	peak := -1
	for i := range s {
		bytes, ok := s[i].Value(WorkingSet)
		if ok && (peak < 0 || bytes > s[peak].WorkingSet) {
			peak = i
		}
	}
	if peak < 0 {
		return Sample{}
	}
	return s[peak]
}

// Average returns the mean working set in bytes, weighted by time: of two samples, the
// mean counts for the time between them, so that samples in quick succession do not
// weigh more. It is NaN if there is no sample.
func (s Series) Average() float64 {
	var area, sum, seconds, n float64
	last := -1
	for i := range s {
		bytes, ok := s[i].Value(WorkingSet)
		if s[i].Seam() {
			last = -1
		}
		if !ok {
			continue
		}
		if last >= 0 {
			dt := (s[i].At - s[last].At).Seconds()
			area += (float64(bytes) + float64(s[last].WorkingSet)) / 2 * dt
			seconds += dt
		}
		sum += float64(bytes)
		n++
		last = i
	}
	if seconds > 0 {
		return area / seconds
	}
	return sum / n // one moment, or none: NaN
}

// Percentile returns the working set in bytes that p percent of the samples do not
// exceed, p from 0 (the least) to 100 (the largest). It is NaN if there is no sample
// or p is not a percentage.
func (s Series) Percentile(p float64) float64 {
	var sets []float64
	for i := range s {
		if bytes, ok := s[i].Value(WorkingSet); ok {
			sets = append(sets, float64(bytes))
		}
	}
	percentile, err := stats.PercentileNearestRank(sets, p)
	if err != nil {
		return math.NaN()
	}
	return percentile
}
