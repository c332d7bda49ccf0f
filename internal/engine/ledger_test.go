package engine

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/memgate/memgate/profile"
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
