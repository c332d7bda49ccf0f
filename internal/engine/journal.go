package engine

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// journal writes the record while the run lasts, and nothing else does. The parts of a run
// call it from goroutines of their own. Each entry gets the time of the call.
type journal struct {
	began    time.Time
	requests func() uint64 // that the target has answered so far

	mu     sync.Mutex
	record *report.Record
	phase  string // the phase under way
	peak   peak   // of the phase under way

	tasks []heap.GoroutineProfile // one at each heap profile
	exits []target.Exit           // of the findings that the target ended, in their order
	lost  []int                   // the notes that tell of no answer from the target
}

// since returns the time since the run began.
func (j *journal) since() time.Duration { return time.Since(j.began) }

// view lets read look at the record, which it must neither change nor keep.
func (j *journal) view(read func(r *report.Record, phase string)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	read(j.record, j.phase)
}

// inPhase returns the phase under way; "" before the first.
func (j *journal) inPhase() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.phase
}

// open ends the phase under way and begins the next.
func (j *journal) open(phase string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.endPhase()
	j.phase = phase
	at := j.since()
	j.record.Phases = append(j.record.Phases, report.Phase{Name: phase, From: at, To: at})
}

// close ends the last phase.
func (j *journal) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.endPhase()
}

// endPhase brings the phase under way up to now. The caller holds j.mu.
func (j *journal) endPhase() {
	if n := len(j.record.Phases); n > 0 {
		p := &j.record.Phases[n-1]
		p.To = j.since()
		p.PeakUsage, p.PeakFrom = j.peak.result()
	}
}

// countPeak has the peak count anew for the phase that began. reset says that the kernel's
// own does too.
func (j *journal) countPeak(reset bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.peak = j.peak.next(reset)
}

// evidence returns what was measured so far, with that growth by call site.
func (j *journal) evidence(sites []heap.Site) leak.Evidence {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.endPhase()
	j.record.Sites = sites
	return j.record.Evidence()
}

// sample keeps a sample, or a seam.
func (j *journal) sample(s *profile.Sample) {
	j.mu.Lock()
	defer j.mu.Unlock()
	s.At = j.since()
	j.record.Samples = append(j.record.Samples, *s)
	j.peak.see(&s.Memory)
}

// liveHeap keeps what a forced collection left.
func (j *journal) liveHeap(h profile.LiveHeap) {
	h.At, h.Requests = j.since(), j.requests()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.record.LiveHeaps = append(j.record.LiveHeaps, h)
}

// heapProfile keeps a heap profile, with what it was taken for if that is not the plan.
func (j *journal) heapProfile(p target.HeapProfile, why string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.record.HeapProfiles = append(j.record.HeapProfiles, report.ProfileFile{
		At: j.since(), Requests: j.requests(), Phase: j.phase, Why: why, Garbage: p.Garbage, Bytes: int64(len(p.Raw)), Raw: p.Raw,
	})
}

// taskProfile keeps a profile of the target's tasks that was begun after so many requests.
func (j *journal) taskProfile(p heap.GoroutineProfile, before uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	p.At, p.Requests = j.since(), (before+j.requests())/2
	j.tasks = append(j.tasks, p)
	j.record.GoroutineProfiles = append(j.record.GoroutineProfiles, report.ProfileFile{
		At: p.At, Requests: p.Requests, Phase: j.phase, Bytes: int64(len(p.Raw)), Raw: p.Raw,
	})
}

// reachable keeps the sums of a walk.
func (j *journal) reachable(r profile.Reachable) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.record.Reachable = append(j.record.Reachable, r)
}

// processes keeps a look at the target's processes, begun after so many requests; atEnd
// says that it ends a phase.
func (j *journal) processes(p profile.Processes, requests uint64, atEnd bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	p.At, p.Requests = j.since(), requests
	if atEnd {
		p.Phase = j.phase
	}
	j.record.Processes = append(j.record.Processes, p)
}

// alarm keeps an alarm of the flight recorder.
func (j *journal) alarm(a report.Alarm) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.record.Alarms = append(j.record.Alarms, a)
}

// note keeps a finding.
func (j *journal) note(f report.Finding) {
	j.mu.Lock()
	defer j.mu.Unlock()
	f.At = j.since()
	j.record.Notes = append(j.record.Notes, f)
}

// warn keeps a warning.
func (j *journal) warn(text string) { j.note(report.Finding{Kind: report.Warning, Summary: text}) }

// noAnswer warns that the target did not answer something. The warning is dropped if the
// target ended soon after.
func (j *journal) noAnswer(text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lost = append(j.lost, len(j.record.Notes))
	j.record.Notes = append(j.record.Notes, report.Finding{At: j.since(), Kind: report.Warning, Summary: text})
}

// exit keeps the finding that the target ended by itself.
func (j *journal) exit(exit target.Exit) {
	j.mu.Lock()
	defer j.mu.Unlock()
	exit = withWitness(exit, j.record.Samples)
	j.record.Notes = append(j.record.Notes, died(exit, j.record, j.phase, j.requests(), j.since()))
	j.exits = append(j.exits, exit)
}

// gone keeps the finding that the memory of a target cannot be read any more.
func (j *journal) gone() {
	j.mu.Lock()
	defer j.mu.Unlock()
	at := j.since()
	j.record.Notes = append(j.record.Notes, report.Finding{At: at, Kind: report.Exited, Fatal: true,
		Summary: fmt.Sprintf("%q is gone%s", j.record.Name, when(j.phase, j.requests(), at)),
		Detail:  fmt.Sprintf(" (%s): its memory cannot be read any more", strings.Join(lastSecond(j.record), ", ")), Remedy: "check that it still runs"})
}
