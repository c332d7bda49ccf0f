package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/report"
)

// Probes during the load: as often as a verdict wants them, and never so often that
// the collections they force take more than 2 % of the load's time.
const (
	probesPerLoad   = 60
	shortestProbe   = time.Second
	probeCostShare  = 50 // one probe takes at most 1/50 of the time between two
	profilesPerLoad = 4  // heap profiles divide the load into so many parts
)

// prober asks the target's runtime for live heaps and profiles. What the runtime cannot
// do, or does not answer any more, is nil.
type prober struct {
	journal   *journal
	collector target.Collector
	heaps     target.HeapProfiler
	tasks     target.TaskProfiler

	collections misses // of forced collections
	profiles    misses // of heap profiles
}

func newProber(j *journal, r target.Runtime) *prober {
	p := &prober{journal: j, collections: misses{kind: "forced collections"}, profiles: misses{kind: "heap profiles"}}
	p.collector, _ = r.(target.Collector)
	p.heaps, _ = r.(target.HeapProfiler)
	p.tasks, _ = r.(target.TaskProfiler)
	return p
}

// probe forces a collection in the target, keeps what is left, and returns how long the
// target took.
func (p *prober) probe(ctx context.Context) (took time.Duration) {
	if p.collector == nil {
		return 0
	}
	live, err := p.collector.Collect(ctx)
	if p.missed(ctx, &p.collections, err) {
		return 0
	}
	p.journal.liveHeap(live)
	return live.Took
}

// profile keeps a heap profile, taken after a forced collection, with one of the tasks, and
// tells whether another try is due.
func (p *prober) profile(ctx context.Context) (again bool) {
	if p.heaps != nil {
		raw, err := p.heaps.HeapProfile(ctx)
		if p.missed(ctx, &p.profiles, err) {
			return true
		}
		p.journal.heapProfile(raw, "")
	}
	p.profileTasks(ctx)
	return false
}

// profileTasks keeps a profile of the target's tasks, such as goroutines. The first failure
// ends that for good, and the record says why.
func (p *prober) profileTasks(ctx context.Context) {
	if p.tasks == nil {
		return
	}
	// Starters are asked for ahead of the load, where a traceback is short, and after it.
	var whole bool
	var task string
	p.journal.view(func(r *report.Record, phase string) {
		whole = len(r.GoroutineProfiles) == 0 || phase != report.Load
		task = r.Env.Runtime.OrGo().Task
	})
	before := p.journal.requests()
	raw, err := p.tasks.Tasks(ctx, whole)
	if err != nil && ctx.Err() == nil {
		p.tasks = nil
		p.journal.noAnswer(fmt.Sprintf("the run goes on without %s profiles: %v", task, err))
	}
	if len(raw.Raw) > 0 {
		p.journal.taskProfile(raw, before)
	}
}

// throughout probes while a load of that length runs, until ctx ends.
func (p *prober) throughout(ctx context.Context, length time.Duration) {
	every := max(shortestProbe, length/probesPerLoad)
	cheapest := every / probeCostShare // a slow answer tells of a busy machine, the quickest what a collection costs
	began, taken := time.Now(), 1
	for (p.collector != nil || p.heaps != nil || p.tasks != nil) && sleep(ctx, max(every, probeCostShare*cheapest)) == nil {
		if took := p.probe(ctx); took > 0 {
			cheapest = min(cheapest, took)
		}
		if mark := length * time.Duration(taken) / profilesPerLoad; length > 0 && time.Since(began) >= mark {
			if taken%profilesPerLoad != 0 && p.profile(ctx) { // the last one is taken when the load has stopped
				continue
			}
			taken++
		}
	}
}
