package memtest

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/report"
)

// Scenario is what a test says: which target, under which load.
type Scenario struct {
	Name   string        // for messages and file names; default: the test's name
	Target Target        // what is loaded; required
	Load   load.Driver   // what it is loaded with; required
	Warmup time.Duration // the same load before anything is judged; default 10 s, negative: none
	Settle time.Duration // rest after the load, before the last live heap is read; default 2 s, negative: none
	Every  time.Duration // distance of memory samples; default 100 ms, at least 1 ms

	// MaxDuration is how long the measured load may become: a run whose evidence does
	// not decide, because there is too little data, goes on with the same load in steps of
	// its planned duration, as far as the test's deadline allows. Default: three times the load's
	// duration; negative: it is never extended.
	MaxDuration time.Duration

	// AllowedGrowth is the tolerated growth in bytes per request. It replaces
	// the detector's own margins: Steady then means less than this, and a
	// run too short to show that is Inconclusive. Default: the detector's margins.
	AllowedGrowth float64

	// Known is growth of certain call sites that is tolerated until a date. Where one of
	// them grows, its bytes per request are added to AllowedGrowth. An entry that has
	// expired, or matches nothing that grows, is a finding.
	Known []report.Known

	// WorkingSetLeaks lets the working set alone speak of a leak, where the target's
	// runtime says nothing. It is the weaker evidence: warm-up and GC headroom look like
	// a leak there, so by default such growth is reported as Inconclusive.
	WorkingSetLeaks bool

	// HeapWalk says whether to walk the heap for what retains memory that grew; default:
	// where it is permitted and the heap is not too large.
	HeapWalk HeapWalk

	// AllowInconclusive lets NoLeak pass where the evidence does not decide.
	AllowInconclusive bool

	schedule  load.Schedule // of Load, once it was asked for
	leftAlone bool          // while it is loaded: no collection is forced then, no profile taken

	_ struct{}
}

const (
	defaultWarmup = 10 * time.Second
	defaultSettle = 2 * time.Second
	defaultEvery  = 100 * time.Millisecond
	defaultLooks  = 3 // MaxDuration over the load's duration
)

// withDefaults fills in what was left out and says what cannot be run.
func (s Scenario) withDefaults() (Scenario, error) {
	if s.Name == "" {
		s.Name = "target"
	}
	s.Warmup = orDefault(s.Warmup, defaultWarmup)
	s.Settle = orDefault(s.Settle, defaultSettle)
	s.Every = orDefault(s.Every, defaultEvery)
	switch {
	case s.Target == nil:
		return s, errors.New("scenario has no Target: set one, such as memtest.Image{Go: \"./cmd/server\", Port: 8080}")
	case s.Load == nil:
		return s, errors.New("scenario has no Load: set one, such as load.Plan{Requests: load.Get(\"/\"), Rate: 100, Duration: time.Minute}")
	case !(s.AllowedGrowth >= 0) || math.IsInf(s.AllowedGrowth, 0):
		return s, fmt.Errorf("scenario's AllowedGrowth is %g: set the bytes per request that are no leak, or 0 for the detector's margins", s.AllowedGrowth)
	case s.Every < time.Millisecond:
		return s, fmt.Errorf("scenario's Every is %v: sample at most every 1ms (100ms is the default)", s.Every)
	}
	for _, k := range s.Known {
		if err := k.Validate(); err != nil {
			return s, fmt.Errorf("scenario's %w", err)
		}
	}
	schedule, err := s.Load.Schedule()
	if err != nil {
		return s, fmt.Errorf("scenario's Load: %w", err)
	}
	s.schedule = schedule
	s.MaxDuration = orDefault(s.MaxDuration, defaultLooks*schedule.Duration)
	return s, nil
}

// orDefault returns d, or the default if d is zero, or nothing if d is negative.
func orDefault(d, def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return max(d, 0)
}

// length returns how long the run takes once the target is ready, if it is not extended.
func (s Scenario) length() time.Duration {
	return s.Warmup + s.schedule.Duration + s.Settle
}

// unscheduled returns what a run lacks whose load does not say all of its schedule.
func unscheduled(s load.Schedule) report.Finding {
	f := report.Finding{Kind: report.Warning, Remedy: "return it from its Schedule, or give it to load.Func"}
	if s.Duration > 0 {
		f.Summary = "the load does not say its rate"
		f.Detail = ": whether all of it was sent is not looked at where the evidence does not decide and the load may go on"
		return f
	}
	f.Summary = "the load does not say its duration"
	if s.Rate <= 0 {
		f.Summary, f.Remedy = "the load does not say its rate and duration", "return them from its Schedule, or give them to load.Func"
	}
	f.Detail = ": no heap profiles are taken on its way, it does not go on where the evidence does not decide, and the test's deadline was not compared with it"
	return f
}
