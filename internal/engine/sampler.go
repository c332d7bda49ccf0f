package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile"
)

// sampler reads the target's memory, and looks at its processes.
type sampler struct {
	journal *journal
	flight  *flight // is shown each sample
	target  *target.Instance
	every   time.Duration
	costs   costs

	mu      sync.Mutex // held while memory is read
	looking sync.Mutex // held while the processes are looked at
}

// throughout samples until ctx ends or the target is gone.
func (s *sampler) throughout(ctx context.Context) {
	tick := time.NewTicker(s.every)
	defer tick.Stop()
	defer s.costs.watch()()
	failed := 0
	for {
		began := s.costs.now()
		err := s.once(ctx)
		s.costs.add(began)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, profile.ErrGone):
			if s.target.Exited == nil { // else the watcher knows better why
				s.journal.gone()
			}
			return
		case err != nil:
			if failed++; failed == 1 {
				s.journal.noAnswer(fmt.Sprintf("a memory sample failed: %v", err))
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// once takes a sample.
func (s *sampler) once(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read(ctx)
}

// read takes a sample. The caller holds s.mu.
func (s *sampler) read(ctx context.Context) error {
	now := profile.Sample{Requests: s.journal.requests()}
	err := s.target.Memory.Sample(ctx, &now.Memory)
	if errors.Is(err, profile.ErrRevived) {
		s.keep(profile.Sample{Requests: now.Requests, Memory: profile.Memory{Missing: profile.AllFieldsExcept()}})
		err = s.target.Memory.Sample(ctx, &now.Memory)
	}
	if err != nil {
		return err
	}
	s.keep(now)
	return nil
}

// keep keeps a sample, or a seam.
func (s *sampler) keep(now profile.Sample) {
	s.journal.sample(&now)
	s.flight.see(&now)
}

// boundary passes from one phase to the next, which begin begins: it reads what the one
// that ends has left, and has the kernel's peak count anew for the other.
func (s *sampler) boundary(ctx context.Context, begin func()) {
	s.processes(ctx, true)
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.read(ctx) // throughout says what is wrong
	begin()
	resetter, ok := s.target.Memory.(target.PeakResetter)
	s.journal.countPeak(ok && resetter.ResetPeak() == nil)
}

// processesEvery is the distance of looks at the target's processes.
const processesEvery = time.Second

// processesThroughout looks at the target's processes once a second, until ctx ends.
func (s *sampler) processesThroughout(ctx context.Context) {
	if s.target.Processes == nil {
		return
	}
	tick := time.NewTicker(processesEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.processes(ctx, false)
		case <-ctx.Done():
			return
		}
	}
}

// processes looks at the target's processes; at the end of a phase thoroughly, which stops
// the target for a moment. What cannot be seen is left out: the samples say whether the
// target is there.
func (s *sampler) processes(ctx context.Context, atEnd bool) {
	if s.target.Processes == nil || ctx.Err() != nil {
		return
	}
	s.looking.Lock()
	defer s.looking.Unlock()
	requests := s.journal.requests()
	if p, err := s.target.Processes(atEnd); err == nil && p.Count > 0 {
		s.journal.processes(p, requests, atEnd)
	}
}
