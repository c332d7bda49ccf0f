package heap

import (
	"math"

	"github.com/memgate/memgate/profile"
)

// Whole returns what a site grew by with all that it holds, and how much of it with each
// request. What is allocated in different places is sampled independently, so that the
// halves of their intervals add up as squares. There is no interval where one of them
// has none, and none of a guess.
func (s Site) Whole() (bytes int64, perRequest profile.Estimate) {
	bytes = s.Bytes
	known := !s.Uncertain && s.Lo < s.Hi
	value, half := s.PerRequest, (s.Hi-s.Lo)/2
	for _, h := range s.Retains {
		bytes, value = bytes+h.Bytes, value+h.PerRequest
		known, half = known && h.Lo < h.Hi, math.Hypot(half, (h.Hi-h.Lo)/2)
	}
	perRequest = profile.Estimate{Value: value, Lo: value, Hi: value, Points: 1}
	if known {
		perRequest.Lo, perRequest.Hi = value-half, value+half
	}
	return bytes, perRequest
}
