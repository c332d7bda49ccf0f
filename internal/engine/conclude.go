package engine

import (
	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// conclude derives from what was measured what a reader wants to know. The parts of the
// run have ended: from here on the record is written by what is called here.
func (r *run) conclude() *report.Record {
	j, record := r.journal, r.journal.record
	record.Load = r.traffic.loaded.Summary()
	r.keepLedger(record)
	record.Sites = j.growth(record)
	r.walker.conclude(record)
	record.Trend = leak.Detect(record.Evidence())
	j.guess(record)
	r.walker.correct(record)
	if text := nameless(record); text != "" {
		j.warn(text)
	}
	for _, f := range tell.Known(record) {
		j.note(f)
	}
	record.Retained = retained(record)
	record.Goroutines = j.grownTasks()
	j.explainExits(record)
	if f, ok := pinned(record); ok && oomKill(record) == nil {
		record.Notes = append(record.Notes, f)
	}
	j.dropAftermath(record)
	r.prober.noteMisses(record)
	record.Mask(r.plan.Secrets(r.target.Vars)...)
	return record
}
