package engine

import (
	"time"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/report"
)

// Plan is a run to be made. Nothing in it has a default: memtest.Scenario fills them in.
type Plan struct {
	Name     string
	Target   target.Target
	Load     load.Driver
	Schedule load.Schedule // of Load

	Warmup      time.Duration
	Settle      time.Duration // rest after the load
	Every       time.Duration // distance of memory samples
	MaxDuration time.Duration // of the measured load, if it is extended
	Margin      time.Duration // kept of the context's time when the load is extended

	AllowedGrowth     float64 // bytes per request
	Known             []report.Known
	WorkingSetLeaks   bool
	AllowInconclusive bool

	Walk         bool // the heap is walked
	WalkRequired bool // a run that could not walk the heap is an error
	LeftAlone    bool // while it is loaded: no collection is forced then, no profile taken

	Secrets func(vars []string) []string // returns what to mask, given the target's environment
}

// Length returns how long the run takes once the target is ready, if it is not extended.
func (p Plan) Length() time.Duration { return p.Warmup + p.Schedule.Duration + p.Settle }

// record returns the record of a run that begins now.
func (p Plan) record(began time.Time, env report.Env) *report.Record {
	return &report.Record{
		Schema: report.Schema, Name: p.Name, Started: began, Env: env,
		AllowInconclusive: p.AllowInconclusive, AllowedGrowth: p.AllowedGrowth, Known: p.Known, WorkingSetLeaks: p.WorkingSetLeaks,
	}
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
