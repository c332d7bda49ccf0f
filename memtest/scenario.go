package memtest

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/memgate/memgate/internal/engine"
	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/report"
)

// Scenario is what a test says: which target, under which load.
type Scenario struct {
	Name   string        // for messages and file names; default: the test's name
	Target target.Target // what is loaded; required
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

	// AllowInconclusive lets NoLeak, NotWorse, NoDrift and Within's GrowthPerRequest pass if
	// the evidence does not decide.
	AllowInconclusive bool

	leftAlone bool // while it is loaded: no collection is forced then, no profile taken

	_ struct{}
}

const (
	defaultWarmup = 10 * time.Second
	defaultSettle = 2 * time.Second
	defaultEvery  = 100 * time.Millisecond
	defaultLooks  = 3 // MaxDuration over the load's duration
)

// plan returns the run that the scenario asks for, with what was left out filled in, and
// says what cannot be run.
func (s Scenario) plan() (engine.Plan, error) {
	var none engine.Plan
	every := orDefault(s.Every, defaultEvery)
	switch {
	case s.Target == nil:
		return none, errors.New("scenario has no Target: set one, such as memtest.Image{Go: \"./cmd/server\", Port: 8080}")
	case s.Load == nil:
		return none, errors.New("scenario has no Load: set one, such as load.Plan{Requests: load.Get(\"/\"), Rate: 100, Duration: time.Minute}")
	case !(s.AllowedGrowth >= 0) || math.IsInf(s.AllowedGrowth, 0):
		return none, fmt.Errorf("scenario's AllowedGrowth is %g: set the bytes per request that are no leak, or 0 for the detector's margins", s.AllowedGrowth)
	case every < time.Millisecond:
		return none, fmt.Errorf("scenario's Every is %v: sample at most every 1ms (100ms is the default)", every)
	}
	for _, k := range s.Known {
		if err := k.Validate(); err != nil {
			return none, fmt.Errorf("scenario's %w", err)
		}
	}
	schedule, err := s.Load.Schedule()
	if err != nil {
		return none, fmt.Errorf("scenario's Load: %w", err)
	}
	return engine.Plan{
		Name: cmp.Or(s.Name, "target"), Target: s.Target, Load: s.Load, Schedule: schedule,
		Warmup: orDefault(s.Warmup, defaultWarmup), Settle: orDefault(s.Settle, defaultSettle), Every: every,
		MaxDuration: orDefault(s.MaxDuration, defaultLooks*schedule.Duration), Margin: deadlineMargin,
		AllowedGrowth: s.AllowedGrowth, Known: s.Known, WorkingSetLeaks: s.WorkingSetLeaks, AllowInconclusive: s.AllowInconclusive,
		Walk: s.HeapWalk != HeapWalkOff, WalkRequired: s.HeapWalk == HeapWalkRequired, LeftAlone: s.leftAlone,
		Secrets: func(vars []string) []string { return secretsOf(s, vars) },
	}, nil
}

// orDefault returns d, or the default if d is zero, or nothing if d is negative.
func orDefault(d, def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return max(d, 0)
}
