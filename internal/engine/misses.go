package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/memgate/memgate/report"
)

// mostMisses is how many questions of a kind may fail in a row, once one went well: a
// target that is busy now answers later, one that never answered does not.
const mostMisses = 3

// misses counts the questions of one kind to the target's heap, and those that failed.
type misses struct {
	kind   string // "forced collections"
	all    int
	failed int
	inARow int // failures since the last that went well
	first  error
	at     time.Duration // when that was, since the start
}

// missed counts a question and tells whether it failed. After too many failures it ends
// questions of that kind, and all where none ever went well, and the record says why.
func (p *prober) missed(ctx context.Context, m *misses, err error) bool {
	if ctx.Err() != nil && err != nil {
		return true // the run ends: not the target's fault
	}
	m.all++
	if err == nil {
		m.inARow = 0
		return false
	}
	if m.failed == 0 {
		m.first, m.at = err, p.journal.since()
	}
	m.failed++
	m.inARow++
	switch {
	case p.neverAnswered(m):
		p.collector, p.heaps, p.tasks = nil, nil, nil
		p.journal.noAnswer(fmt.Sprintf("the run goes on without heap profiles: %v", err))
	case m.inARow == mostMisses && m == &p.collections:
		p.collector, p.tasks = nil, nil
	case m.inARow == mostMisses:
		p.heaps, p.tasks = nil, nil
	}
	return true
}

// neverAnswered tells whether all questions failed, and were of the kind of m.
func (p *prober) neverAnswered(m *misses) bool {
	return p.collections.all+p.profiles.all == m.failed
}

// noteMisses says how many questions failed, where others went well, among the findings of
// the time of the first. The last ones of a target that died are its death's.
func (p *prober) noteMisses(r *report.Record) {
	_, ended := r.Fatal()
	for _, m := range []*misses{&p.collections, &p.profiles} {
		failed := m.failed
		if ended {
			failed -= m.inARow
		}
		if failed == 0 || p.neverAnswered(m) {
			continue
		}
		text := fmt.Sprintf("%d of %d %s failed, the first at %v", failed, m.all, m.kind, m.at.Round(time.Second))
		if m.inARow >= mostMisses {
			text += fmt.Sprintf(", and after the last %d in a row there were no more", m.inARow)
		}
		at := len(r.Notes)
		for at > 0 && r.Notes[at-1].At > m.at {
			at--
		}
		r.Notes = slices.Insert(r.Notes, at, report.Finding{At: m.at, Kind: report.Warning, Summary: fmt.Sprintf("%s: %v", text, m.first)})
	}
}
