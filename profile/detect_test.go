package profile

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func floorsGrowing(n int, perRequest float64) []Floor {
	floors := make([]Floor, n)
	for i := range floors {
		requests := uint64(i * 200)
		floors[i] = Floor{At: time.Duration(i) * time.Second, Requests: requests, HeapAlloc: 8<<20 + uint64(float64(requests)*perRequest) + uint64(i%3)*1000}
	}
	return floors
}

func TestDetectJudgesFloors(t *testing.T) {
	assert.Equal(t, Steady, Detect(Evidence{Floors: floorsGrowing(30, 0)}).Verdict)
	assert.Equal(t, Leaking, Detect(Evidence{Floors: floorsGrowing(30, 256)}).Verdict)
	assert.Equal(t, Inconclusive, Detect(Evidence{Floors: floorsGrowing(3, 256)}).Verdict)
	assert.Equal(t, Inconclusive, Detect(Evidence{}).Verdict)
}
