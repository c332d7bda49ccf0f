package memtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// stopTimeout is how long a target may take to be removed.
const stopTimeout = 20 * time.Second

// Measure runs the scenario and returns what it measured. The target never outlives it.
//
// The error says that the run could not be made or not be finished: a scenario that
// cannot run, a target that does not start, ctx cancelled, a target that could not be
// removed. What had been measured by then is in the record, if there is one. A target
// that ends by itself is no error but a fatal finding in the record's Notes.
func Measure(ctx context.Context, s Scenario) (*report.Record, error) {
	return measure(ctx, s, func(string) {})
}

// measure is Measure that says how it gets on.
func measure(ctx context.Context, s Scenario, say func(line string)) (_ *report.Record, err error) {
	s, err = s.withDefaults()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	inst, err := s.Target.Start(ctx)
	if err != nil {
		return neverReady(s, began, err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if stopErr := inst.Stop(ctx); stopErr != nil {
			err = errors.Join(err, fmt.Errorf("stop target: %w", stopErr))
		}
	}()
	m := newMeasurement(s, inst, say)
	err = m.run(ctx)
	m.conclude()
	if err == nil {
		err = m.held()
	}
	return m.record, err
}

// measurement is one run under way.
type measurement struct {
	scenario Scenario
	target   *Instance
	began    time.Time
	say      func(line string)
	warmed   load.Meter // counts the warm-up's requests
	loaded   load.Meter // counts the measured load's
	reach    reachable
	ask      asked
	collects target.Collector // forces a collection before a look in a pause; nil if nothing does

	mu     sync.Mutex // guards what follows: the sampler, the prober and the phases write to it
	record *report.Record
	phase  string // the phase under way

	collections looks // at the live heap after a forced collection
	profiles    looks

	goroutines []heap.GoroutineProfile // at the moments of heap profiles

	exits []Exit // of the findings that the target ended, in their order
	lost  []int  // the notes that tell of no answer from the target

	alarmist alarmist          // the sampler's
	alarms   chan report.Alarm // when what can be seen is to be kept at once, and why
	peak     peak              // of the phase under way

	sampling sync.Mutex // held while the target's memory is read
	costs    costs
}

func newMeasurement(s Scenario, inst *Instance, say func(string)) *measurement {
	began := time.Now()
	ask := askable(inst.Runtime)
	m := &measurement{
		scenario: s, target: inst, began: began, say: say, ask: ask, collects: ask.collector, alarms: make(chan report.Alarm, 1),
		collections: looks{kind: "forced collections"}, profiles: looks{kind: "heap profiles"},
		record: &report.Record{
			Schema: report.Schema, Name: s.Name, Started: began,
			Env: hostEnv(inst.Env, inst.URL), Source: report.Source{Kind: inst.Source.Kind, Why: inst.Source.Why},
			AllowInconclusive: s.AllowInconclusive, AllowedGrowth: s.AllowedGrowth, Known: s.Known, WorkingSetLeaks: s.WorkingSetLeaks,
		},
	}
	if inst.Runtime != nil {
		m.record.Env.Runtime = inst.Runtime.Info()
	}
	if !s.schedule.Known() {
		m.note(unscheduled(s.schedule))
	}
	for _, w := range inst.Warnings {
		m.note(report.Finding{Kind: report.Warning, Summary: w})
	}
	return m
}

// requests returns how many requests the target has answered so far.
func (m *measurement) requests() uint64 { return m.warmed.Completed() + m.loaded.Completed() }

// run goes through the phases with the sampler beside it.
func (m *measurement) run(parent context.Context) error {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	var beside sync.WaitGroup
	beside.Go(func() { m.watch(ctx, cancel) })
	beside.Go(func() { m.sample(ctx) })
	beside.Go(func() { m.lookThroughout(ctx) })
	beside.Go(func() { m.tell(ctx) })
	heaps := m.ask.heaps
	beside.Go(func() { m.recordFlight(ctx, heaps) })

	err := m.phases(ctx)
	cancel(nil)
	beside.Wait()
	m.close()

	switch cause := context.Cause(ctx); {
	case parent.Err() != nil:
		return fmt.Errorf("run interrupted in its %s phase: %w", m.phase, context.Cause(parent))
	case asExit(cause):
		return nil // watch has noted it
	case err != nil:
		m.note(report.Finding{Kind: report.LoadFailed, Fatal: true, Summary: fmt.Sprintf("the load stopped: %v", err)})
	}
	return nil
}

// phases goes through the run: warm-up → load → cool-down → final.
func (m *measurement) phases(ctx context.Context) error {
	m.say(m.ready())
	m.enter(ctx, report.Warmup)
	m.probe(ctx)
	if err := m.warmup(ctx); err != nil {
		return err
	}
	m.probe(ctx)
	m.reached(ctx)
	m.snapshot(ctx)

	m.enter(ctx, report.Load)
	if err := m.load(ctx); err != nil {
		return err
	}
	m.enter(ctx, report.Cooldown)
	m.snapshot(ctx)
	if err := sleep(ctx, m.scenario.Settle); err != nil {
		return err
	}
	m.enter(ctx, report.Final)
	m.probe(ctx)
	m.reached(ctx)
	m.snapshot(ctx)
	m.look(ctx, true)
	_ = m.sampleOnce(ctx) // for the phase's peak
	return ctx.Err()
}

// warmup sends the load until the time is over, and stops the run where nothing but
// failures comes back: waiting for more of them helps nobody.
func (m *measurement) warmup(ctx context.Context) error {
	if m.scenario.Warmup == 0 {
		return nil
	}
	until, cancel := context.WithTimeout(ctx, m.scenario.Warmup)
	defer cancel()
	for until.Err() == nil {
		if err := m.scenario.Load.Drive(until, m.target.URL, &m.warmed); err != nil && until.Err() == nil {
			return err
		}
	}
	if sum := m.warmed.Summary(); sum.Requests+sum.Cut >= 10 && sum.Success == 0 {
		return allFailed(sum)
	}
	return ctx.Err()
}

// load sends the measured load, with the prober beside it, and again while the evidence
// does not decide and there is time.
func (m *measurement) load(ctx context.Context) error {
	probing, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	if !m.scenario.leftAlone {
		beside.Go(func() { m.probeThroughout(probing) })
	}
	defer beside.Wait()
	defer stop()

	m.loaded.Follow(&m.warmed) // the load meets no key that the warm-up has met
	if err := m.scenario.Load.Drive(ctx, m.target.URL, &m.loaded); err != nil {
		return err
	}
	if sum := m.loaded.Summary(); sum.Success == 0 && ctx.Err() == nil {
		return allFailed(sum)
	}
	for {
		more := m.extension(ctx)
		if more == 0 {
			return ctx.Err()
		}
		for _, part := range m.parts(more) {
			m.reachedInPause(ctx)
			until, cancel := context.WithTimeout(ctx, part)
			err := m.scenario.Load.Drive(until, m.target.URL, &m.loaded)
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

// enter closes the phase under way and opens the next.
func (m *measurement) enter(ctx context.Context, phase string) {
	m.boundary(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.closeLocked()
		m.phase = phase
		at := time.Since(m.began)
		m.record.Phases = append(m.record.Phases, report.Phase{Name: phase, From: at, To: at})
		m.say(m.line())
	})
}

// close ends the last phase.
func (m *measurement) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closeLocked()
}

func (m *measurement) closeLocked() {
	if n := len(m.record.Phases); n > 0 {
		p := &m.record.Phases[n-1]
		p.To = time.Since(m.began)
		p.PeakUsage, p.PeakFrom = m.peak.result()
	}
}

func (m *measurement) note(f report.Finding) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f.At = time.Since(m.began)
	m.record.Notes = append(m.record.Notes, f)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// conclude derives from what was measured what a reader wants to know.
func (m *measurement) conclude() {
	r := m.record
	r.Load = m.loaded.Summary()
	r.Source.Every = m.scenario.Every
	m.keepLedger()
	r.Sites = m.growth()
	m.hold()
	r.Trend = leak.Detect(r.Evidence())
	m.guess()
	m.nameless()
	for _, f := range tell.Known(r) {
		m.note(f)
	}
	r.Retained = m.retained()
	r.Goroutines = m.grownGoroutines()
	m.lastWords()
	if f, ok := pinned(r); ok && m.oomKill() == nil {
		r.Notes = append(r.Notes, f)
	}
	m.dropAftermath()
	m.noteMisses()
	r.Mask(secretsOf(m.scenario, m.target.Vars)...)
}
