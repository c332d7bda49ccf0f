package memtest

import (
	"slices"

	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// withLeak returns a copy of the run in which each request had left so many bytes and one
// object on the heap, judged again as Run judges.
func withLeak(r *report.Record, perRequest float64) *report.Record {
	leaked := copied(r)
	for i := range leaked.Samples {
		s := &leaked.Samples[i]
		more := uint64(perRequest * float64(s.Requests))
		add(&s.Memory, more, profile.Usage, profile.WorkingSet, profile.Anon, profile.ActiveAnon)
	}
	for i := range leaked.LiveHeaps {
		f := &leaked.LiveHeaps[i]
		more := uint64(perRequest * float64(f.Requests))
		f.HeapAlloc += more
		f.HeapObjects += f.Requests
		f.Sys += more
		f.NextGC += more
	}
	leaked.Trend = leak.Detect(leaked.Evidence())
	return leaked
}

// add adds bytes to those figures that the source has.
func add(m *profile.Memory, bytes uint64, figures ...profile.Field) {
	for _, f := range figures {
		if _, ok := m.Value(f); ok {
			*m.Figure(f) += bytes
		}
	}
}

// doubled returns a copy of the run in which the target had taken twice the memory at each
// moment, and had been OOM-killed once.
func doubled(r *report.Record) *report.Record {
	twice := copied(r)
	for i := range twice.Samples {
		m := &twice.Samples[i].Memory
		for _, f := range []profile.Field{
			profile.Usage, profile.WorkingSet, profile.Anon, profile.ActiveAnon, profile.InactiveAnon, profile.File, profile.InactiveFile, profile.ActiveFile,
		} {
			if v, ok := m.Value(f); ok {
				*m.Figure(f) = 2 * v
			}
		}
	}
	for i := range twice.Phases {
		twice.Phases[i].PeakUsage *= 2
	}
	twice.Notes = append(twice.Notes, report.Finding{Kind: report.OOMKilled, Summary: "planted by SelfTest"})
	return twice
}

// copied returns a copy of what withLeak and doubled change.
func copied(r *report.Record) *report.Record {
	c := *r
	c.Samples, c.LiveHeaps = slices.Clone(r.Samples), slices.Clone(r.LiveHeaps)
	c.Phases, c.Notes = slices.Clone(r.Phases), slices.Clone(r.Notes)
	return &c
}
