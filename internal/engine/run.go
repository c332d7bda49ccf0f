package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/report"
)

// stopTimeout is how long a target may take to be removed.
const stopTimeout = 20 * time.Second

// Measure makes the run and returns what it measured; say gets a line at each phase and
// every 10 s. The target never outlives it.
//
// The error says that the run could not be made or not be finished. What had been measured
// by then is in the record, if there is one.
func Measure(ctx context.Context, p Plan, say func(line string)) (_ *report.Record, err error) {
	began := time.Now()
	inst, err := p.Target.Start(ctx)
	if err != nil {
		return neverReady(p, began, err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if stopErr := inst.Stop(ctx); stopErr != nil {
			err = errors.Join(err, fmt.Errorf("stop target: %w", stopErr))
		}
	}()
	r := newRun(p, inst, say)
	err = r.make(ctx)
	record := r.conclude()
	if err == nil {
		err = r.walker.required(record)
	}
	return record, err
}

// run is one under way: its phases, and the parts that work beside them.
type run struct {
	plan    Plan
	target  *target.Instance
	say     func(line string)
	traffic traffic

	journal *journal
	sampler *sampler
	prober  *prober
	walker  *walker
	flight  *flight
	watcher watcher
}

// traffic counts the requests of a run.
type traffic struct {
	warmed load.Meter // the warm-up's
	loaded load.Meter // the measured load's
}

// completed returns how many requests the target has answered so far.
func (t *traffic) completed() uint64 { return t.warmed.Completed() + t.loaded.Completed() }

func newRun(p Plan, inst *target.Instance, say func(string)) *run {
	began := time.Now()
	record := p.record(began, hostEnv(inst.Env, inst.URL))
	record.Source = report.Source{Kind: inst.Source.Kind, Why: inst.Source.Why}
	if inst.Runtime != nil {
		record.Env.Runtime = inst.Runtime.Info()
	}
	r := &run{plan: p, target: inst, say: say}
	r.journal = &journal{began: began, record: record, requests: r.traffic.completed}
	r.flight = newFlight(r.journal, inst)
	r.sampler = &sampler{journal: r.journal, flight: r.flight, target: inst, every: p.Every}
	r.prober = newProber(r.journal, inst.Runtime)
	r.walker = newWalker(r.journal, p, inst.Runtime)
	r.watcher = watcher{journal: r.journal, target: inst}
	if !p.Schedule.Known() {
		r.journal.note(unscheduled(p.Schedule))
	}
	for _, w := range inst.Warnings {
		r.journal.warn(w)
	}
	return r
}

// make goes through the phases, with the other parts beside them.
func (r *run) make(parent context.Context) error {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	var beside sync.WaitGroup
	beside.Go(func() { r.watcher.wait(ctx, cancel) })
	beside.Go(func() { r.sampler.throughout(ctx) })
	beside.Go(func() { r.sampler.processesThroughout(ctx) })
	beside.Go(func() { r.tell(ctx) })
	beside.Go(func() { r.flight.throughout(ctx) })

	err := r.phases(ctx)
	cancel(nil)
	beside.Wait()
	r.journal.close()

	switch cause := context.Cause(ctx); {
	case parent.Err() != nil:
		return fmt.Errorf("run interrupted in its %s phase: %w", r.journal.inPhase(), context.Cause(parent))
	case asExit(cause):
		return nil // the watcher has noted it
	case err != nil:
		r.journal.note(report.Finding{Kind: report.LoadFailed, Fatal: true, Summary: fmt.Sprintf("the load stopped: %v", err)})
	}
	return nil
}

// phases goes through the run: warm-up → load → cool-down → final.
func (r *run) phases(ctx context.Context) error {
	r.say(r.ready())
	r.enter(ctx, report.Warmup)
	r.prober.probe(ctx)
	if err := r.warmup(ctx); err != nil {
		return err
	}
	r.prober.probe(ctx)
	r.walker.walk(ctx)
	r.prober.profile(ctx)

	r.enter(ctx, report.Load)
	if err := r.load(ctx); err != nil {
		return err
	}
	r.enter(ctx, report.Cooldown)
	r.prober.profile(ctx)
	if err := sleep(ctx, r.plan.Settle); err != nil {
		return err
	}
	r.enter(ctx, report.Final)
	r.prober.probe(ctx)
	r.walker.walk(ctx)
	r.prober.profile(ctx)
	r.sampler.processes(ctx, true)
	_ = r.sampler.once(ctx) // for the phase's peak
	return ctx.Err()
}

// enter ends the phase under way and begins the next.
func (r *run) enter(ctx context.Context, phase string) {
	r.sampler.boundary(ctx, func() {
		r.journal.open(phase)
		r.say(r.line())
	})
}

// warmup sends the load until the time is over, and stops the run where nothing but
// failures comes back: waiting for more of them helps nobody.
func (r *run) warmup(ctx context.Context) error {
	if r.plan.Warmup == 0 {
		return nil
	}
	until, cancel := context.WithTimeout(ctx, r.plan.Warmup)
	defer cancel()
	for until.Err() == nil {
		if err := r.plan.Load.Drive(until, r.target.URL, &r.traffic.warmed); err != nil && until.Err() == nil {
			return err
		}
	}
	if sum := r.traffic.warmed.Summary(); sum.Requests+sum.Cut >= 10 && sum.Success == 0 {
		return allFailed(sum)
	}
	return ctx.Err()
}

// load sends the measured load, with the prober beside it, and again while the evidence
// does not decide and there is time.
func (r *run) load(ctx context.Context) error {
	probing, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	if !r.plan.LeftAlone {
		beside.Go(func() { r.prober.throughout(probing, r.plan.Schedule.Duration) })
	}
	defer beside.Wait()
	defer stop()

	loaded := &r.traffic.loaded
	loaded.Follow(&r.traffic.warmed) // the load meets no key that the warm-up has met
	if err := r.plan.Load.Drive(ctx, r.target.URL, loaded); err != nil {
		return err
	}
	if sum := loaded.Summary(); sum.Success == 0 && ctx.Err() == nil {
		return allFailed(sum)
	}
	for {
		more := r.extension(ctx)
		if more == 0 {
			return ctx.Err()
		}
		for _, part := range r.walker.parts(more) {
			r.walker.walkInPause(ctx)
			until, cancel := context.WithTimeout(ctx, part)
			err := r.plan.Load.Drive(until, r.target.URL, loaded)
			cancel()
			if err != nil {
				return err
			}
		}
	}
}

func allFailed(sum load.Summary) error {
	switch {
	case sum.Requests == 0 && sum.Cut > 0:
		return fmt.Errorf("none of %d requests got an answer: check that the target is not blocked, and its log", sum.Cut)
	case sum.Requests == 0:
		return errors.New("no request was completed: is the load's duration long enough for one?")
	}
	why := "no error text"
	if len(sum.Errors) > 0 {
		why = sum.Errors[0].Text
	}
	return fmt.Errorf("all %d requests failed (%s): check the load's paths and the target's log", sum.Requests, why)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
