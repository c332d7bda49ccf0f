package memtest

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

// alarmist watches samples for the moments at which a heap profile is due.
type alarmist struct {
	step   float64        // share of the limit from which on the next alarm is due; 0: firstAlarm
	last   time.Duration  // when the last alarm was given
	given  int            // alarms so far
	before profile.Sample // some paceOver ago
}

// due returns why a heap profile is to be taken now; "" if there is no reason.
func (a *alarmist) due(s *profile.Sample) (why string) {
	limit, known := s.Value(profile.Limit)
	set, ok := s.Value(profile.WorkingSet)
	if !known || !ok || limit == 0 || a.given >= mostAlarms || a.given > 0 && s.At-a.last < alarmsApart {
		return ""
	}
	before := a.before
	if before.Limit == 0 || s.At-before.At >= paceOver {
		a.before = *s
	}
	share := float64(set) / float64(limit)
	switch {
	case share < rearmed:
		a.step = firstAlarm
	case share >= max(a.step, firstAlarm):
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
		return "stalls for want of memory"
	case share >= soonFrom && took >= paceOver/2 && set > before.WorkingSet:
		if left := time.Duration(float64(limit-min(set, limit)) / float64(set-before.WorkingSet) * float64(took)); left < soonest {
			return fmt.Sprintf("%.0f%% of the limit, which is %.1f s away", 100*share, left.Seconds())
		}
	}
	return ""
}

// gave notes that an alarm was given for s.
func (a *alarmist) gave(s *profile.Sample) {
	a.given++
	a.last = s.At
	a.step = max(firstAlarm, float64(s.WorkingSet)/float64(s.Limit)) + alarmStep
	a.before = *s
}

// rose is by how much the first of the named counters that both samples have has grown.
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

// alarm asks for a look at the target where s gives a reason, and never waits: one that
// cannot be asked for now is due with the next sample. It is called by the sampler alone.
func (m *measurement) alarm(s *profile.Sample) {
	why := m.alarmist.due(s)
	if why == "" {
		return
	}
	select {
	case m.alarms <- report.Alarm{At: s.At, Requests: s.Requests, Why: why, WorkingSet: s.WorkingSet}:
		m.alarmist.gave(s)
	default:
	}
}

// recordFlight takes the heap profiles that alarms ask for, if there is a source of them,
// and what the process is made of, one alarm at a time, until ctx ends.
func (m *measurement) recordFlight(ctx context.Context, heaps target.HeapProfiler) {
	failed := false
	for {
		select {
		case a := <-m.alarms:
			var beside sync.WaitGroup
			beside.Go(func() { m.keepAlarm(ctx, a) })
			if heaps != nil {
				failed = m.alarmed(ctx, heaps, a.Why, failed)
			}
			beside.Wait()
		case <-ctx.Done():
			return
		}
	}
}

// alarmed takes a heap profile out of turn, and notes the first failure.
func (m *measurement) alarmed(ctx context.Context, heaps target.HeapProfiler, why string, failed bool) bool {
	p, err := heaps.HeapProfile(ctx)
	switch {
	case err == nil:
		m.keepHeap(p, why)
	case ctx.Err() == nil && !failed:
		m.noteLost(fmt.Sprintf("a heap profile near the limit (%s) could not be taken: %v", why, err))
		return true
	}
	return failed
}

// keepAlarm adds an alarm to the record, with what the process was made of or why that is
// not known.
func (m *measurement) keepAlarm(ctx context.Context, a report.Alarm) {
	made, err := profile.Mappings{}, errors.New("the target's processes cannot be seen from here")
	if m.target.Mappings != nil {
		made, err = m.target.Mappings(ctx)
	}
	seen := report.Alarm{
		At: a.At, Requests: a.Requests, Why: a.Why, WorkingSet: a.WorkingSet,
		Command: made.Command, RSS: made.RSS, PSS: made.PSS, Anon: made.Anon, File: made.File, Shmem: made.Shmem,
		Swap: made.Swap, PrivateDirty: made.PrivateDirty, Largest: made.Largest,
	}
	if err != nil {
		seen = report.Alarm{At: a.At, Requests: a.Requests, Why: a.Why, WorkingSet: a.WorkingSet, WhyNot: err.Error()}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.record.Alarms = append(m.record.Alarms, seen)
}
