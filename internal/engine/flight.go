package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
)

// The flight recorder takes heap profiles out of turn, and looks at the process's mappings,
// when memory comes near its limit: what is to be seen of a target after an OOM kill must
// have been taken before it.
const (
	firstAlarm  = 0.90                   // of the limit; then at each alarmStep more
	alarmStep   = 0.02                   // of the limit
	rearmed     = 0.80                   // of the limit: below it, the steps start anew
	soonest     = 3 * time.Second        // so near to the limit, at the present pace, is an alarm too,
	soonFrom    = 0.50                   // from this share of the limit on
	paceOver    = 500 * time.Millisecond // and this is the time that the present pace is taken over
	stallAlarm  = 0.20                   // of the time waiting for memory
	alarmsApart = 500 * time.Millisecond
	mostAlarms  = 12 // in a run
)

// pressure watches samples for the moments at which a heap profile is due.
type pressure struct {
	step   float64        // share of the limit from which on the next alarm is due; 0: firstAlarm
	last   time.Duration  // when the last alarm was given
	given  int            // alarms so far
	before profile.Sample // some paceOver ago
}

// due returns why a heap profile is to be taken now; "" if there is no reason.
func (p *pressure) due(s *profile.Sample) (why string) {
	limit, known := s.Value(profile.Limit)
	set, ok := s.Value(profile.WorkingSet)
	if !known || !ok || limit == 0 || p.given >= mostAlarms || p.given > 0 && s.At-p.last < alarmsApart {
		return ""
	}
	before := p.before
	if before.Limit == 0 || s.At-before.At >= paceOver {
		p.before = *s
	}
	share := float64(set) / float64(limit)
	switch {
	case share < rearmed:
		p.step = firstAlarm
	case share >= max(p.step, firstAlarm):
		return fmt.Sprintf("%.0f%% of the limit", 100*share)
	}
	if before.Limit == 0 || s.At <= before.At {
		return ""
	}
	took := s.At - before.At
	switch {
	case share >= rearmed && rose(&before, s, profile.LimitEvents, profile.OOMEvents) > 0:
		return "the limit was hit"
	case float64(rose(&before, s, profile.StallSome)) > stallAlarm*float64(took.Microseconds()):
		return "memory stalls"
	case share >= soonFrom && took >= paceOver/2 && set > before.WorkingSet:
		if left := time.Duration(float64(limit-min(set, limit)) / float64(set-before.WorkingSet) * float64(took)); left < soonest {
			return fmt.Sprintf("%.0f%% of the limit, which is %.1f s away", 100*share, left.Seconds())
		}
	}
	return ""
}

// gave notes that an alarm was given for s.
func (p *pressure) gave(s *profile.Sample) {
	p.given++
	p.last = s.At
	p.step = max(firstAlarm, float64(s.WorkingSet)/float64(s.Limit)) + alarmStep
	p.before = *s
}

// rose returns by how much the first of the named counters that both samples have has grown.
func rose(before, s *profile.Sample, fields ...profile.Field) uint64 {
	for _, f := range fields {
		from, ok := before.Value(f)
		to, has := s.Value(f)
		if ok && has && to > from {
			return to - from
		}
	}
	return 0
}

// flight is the flight recorder.
type flight struct {
	journal  *journal
	target   *target.Instance
	heaps    target.HeapProfiler // nil: none
	pressure pressure            // the sampler's
	alarms   chan report.Alarm   // when what can be seen is to be kept at once, and why
}

func newFlight(j *journal, inst *target.Instance) *flight {
	f := &flight{journal: j, target: inst, alarms: make(chan report.Alarm, 1)}
	f.heaps, _ = inst.Runtime.(target.HeapProfiler)
	return f
}

// see gives an alarm where s is a reason for one, and never waits: one that cannot be given
// now is due with the next sample. It is called by the sampler alone.
func (f *flight) see(s *profile.Sample) {
	why := f.pressure.due(s)
	if why == "" {
		return
	}
	select {
	case f.alarms <- report.Alarm{At: s.At, Requests: s.Requests, Why: why, WorkingSet: s.WorkingSet}:
		f.pressure.gave(s)
	default:
	}
}

// throughout takes the heap profiles that alarms ask for, if there is a source of them,
// and looks at what the process is made of, one alarm at a time, until ctx ends.
func (f *flight) throughout(ctx context.Context) {
	failed := false
	for {
		select {
		case a := <-f.alarms:
			var beside sync.WaitGroup
			beside.Go(func() { f.keep(ctx, a) })
			if f.heaps != nil {
				failed = f.profile(ctx, a.Why, failed)
			}
			beside.Wait()
		case <-ctx.Done():
			return
		}
	}
}

// profile takes a heap profile out of turn, and notes the first failure.
func (f *flight) profile(ctx context.Context, why string, failed bool) bool {
	p, err := f.heaps.HeapProfile(ctx)
	switch {
	case err == nil:
		f.journal.heapProfile(p, why)
	case ctx.Err() == nil && !failed:
		f.journal.noAnswer(fmt.Sprintf("a heap profile near the limit (%s) could not be taken: %v", why, err))
		return true
	}
	return failed
}

// keep keeps an alarm, with what the process was made of or why that is not known.
func (f *flight) keep(ctx context.Context, a report.Alarm) {
	made, err := profile.Mappings{}, errors.New("the target's processes cannot be seen from here")
	if f.target.Mappings != nil {
		made, err = f.target.Mappings(ctx)
	}
	if err != nil {
		a.WhyNot = err.Error()
		f.journal.alarm(a)
		return
	}
	a.Command, a.RSS, a.PSS, a.Anon, a.File, a.Shmem = made.Command, made.RSS, made.PSS, made.Anon, made.File, made.Shmem
	a.Swap, a.PrivateDirty, a.Largest = made.Swap, made.PrivateDirty, made.Largest
	f.journal.alarm(a)
}
