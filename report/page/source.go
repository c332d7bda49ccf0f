package page

import (
	"fmt"

	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
)

// sourceFacts returns where the figures come from, how well that went and what it cost.
func sourceFacts(r *report.Record) []fact {
	s := r.Source
	samples, live := "none", ""
	if n := len(r.Samples); n > 0 {
		samples = fmt.Sprintf("%s, %.1f Hz achieved, %s apart as planned, %s at most", words.Count(uint64(n)), s.Achieved, words.Length(s.Every), words.Length(s.Longest))
	}
	if len(r.LiveHeaps)+len(r.HeapProfiles) > 0 || len(r.Samples) > 0 {
		live = fmt.Sprintf("%d forced collections, %d heap profiles", len(r.LiveHeaps), len(r.HeapProfiles))
	}
	return written(
		fact{"memory", s.Kind}, fact{"why not a better one", s.Why},
		fact{"samples", samples}, fact{"jitter", tell.Jitter(r)}, fact{"gaps", tell.Gaps(r)}, fact{"last sample", tell.Since(r)},
		fact{"cost of sampling", tell.SamplingCost(r)}, fact{"cost of the test", tell.HarnessCost(r)},
		fact{"live heap", live},
		fact{"working set", "usage without inactive page cache, as kubelet, cAdvisor and docker stats define it"},
	)
}

// phaseRow is a phase with what the target used in it.
type phaseRow struct {
	Name, From, Length     string
	Peak, Known            string // of the usage, and how that is known
	Processes              string // at its end
	RSS, PSS, USS, Threads string
}

// phaseRows returns the phases; looked, whether any has figures of processes.
func phaseRows(r *report.Record) (rows []phaseRow, looked bool) {
	for _, p := range r.Phases {
		row := phaseRow{Name: p.Name, From: words.Clock(p.From), Length: words.Length(p.Length()), Peak: "–", Known: "not measured"}
		if p.PeakUsage > 0 {
			row.Peak, row.Known = words.MiB(p.PeakUsage), string(p.PeakFrom)
		}
		if l, ok := lookAt(r, p); ok {
			looked = true
			row.Processes, row.Threads = words.Count(l.Count), words.Count(l.Threads)
			row.RSS, row.PSS, row.USS = words.OrDash(l.RSS), words.OrDash(l.PSS), words.OrDash(l.USS)
		}
		rows = append(rows, row)
	}
	return rows, looked
}

// lookAt returns what was last seen of the target's processes in a phase, with PSS and USS
// if it was at its end.
func lookAt(r *report.Record, p report.Phase) (last profile.Processes, ok bool) {
	for _, l := range r.Processes {
		if l.Phase == p.Name || l.Phase == "" && p.From <= l.At && l.At < p.To {
			last, ok = l, true
		}
	}
	return last, ok
}

type gapRow struct{ From, Length, What string }

const mostGaps = 20 // rows of the table of gaps

// gapRows returns the times without samples, and how many are left out.
func gapRows(r *report.Record) (rows []gapRow, more int) {
	for i, g := range r.Source.Gaps {
		if i == mostGaps {
			return rows, len(r.Source.Gaps) - i
		}
		row := gapRow{From: words.Clock(g.From), Length: words.Length(g.To - g.From), What: "no sample"}
		if g.Revived {
			row.What = "the target ended and was started again: what is before and after are two series"
		}
		rows = append(rows, row)
	}
	return rows, 0
}
