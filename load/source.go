package load

import (
	"fmt"
	"sync"
)

// source yields a plan's requests one after the other, the same at each run.
type source struct {
	plan Plan

	mu     sync.Mutex
	meter  *Meter // numbers the requests
	credit []int  // of each of plan.Requests, between two choices
	err    error  // why there is no next request
}

func newSource(p Plan, m *Meter) *source { return &source{plan: p, meter: m} }

// next returns the next request. After an error there is none.
func (s *source) next() (Request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return Request{}, s.err
	}
	i := s.meter.number()
	if s.plan.Each == nil {
		return s.weighted(), nil
	}
	return s.each(i)
}

// each calls the user's function. Not even its panic may end the process: a
// container would be left behind.
func (s *source) each(i uint64) (r Request, err error) {
	s.err = fmt.Errorf("load plan: Each(%d) did not return: keep t.FailNow and runtime.Goexit out of it", i)
	defer func() {
		if v := recover(); v != nil {
			s.err = fmt.Errorf("load plan: Each(%d) panicked: %v: make it safe for every i", i, v)
		}
		err = s.err
	}()
	r = s.plan.Each(i)
	s.err = nil
	if wrong := r.validate(); wrong != nil {
		s.err = fmt.Errorf("load plan: Each(%d): %w", i, wrong)
	}
	return r, s.err
}

// weighted returns smooth weighted round robin: over each round of all weights every
// request has its exact share, and the heavy ones are spread out, not sent in a row.
func (s *source) weighted() Request {
	requests := s.plan.Requests
	if s.credit == nil {
		s.credit = make([]int, len(requests))
	}
	best, total := 0, 0
	for i, r := range requests {
		s.credit[i] += r.weight()
		total += r.weight()
		if s.credit[i] > s.credit[best] {
			best = i
		}
	}
	s.credit[best] -= total
	return requests[best]
}

// failure returns why there is no next request, nil if there is one.
func (s *source) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
