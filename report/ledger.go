package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/memgate/memgate/profile"
)

// sourceFacts is where the figures come from, how well that went and what it cost.
func (r *Record) sourceFacts() []fact {
	s := r.Source
	samples, floors := "none", ""
	if n := len(r.Samples); n > 0 {
		samples = fmt.Sprintf("%s, %.1f Hz achieved, %s apart as planned, %s at most", Count(uint64(n)), s.Achieved, length(s.Every), length(s.Longest))
	}
	if len(r.Floors)+len(r.Heaps) > 0 || len(r.Samples) > 0 {
		floors = fmt.Sprintf("%d forced collections, %d heap profiles", len(r.Floors), len(r.Heaps))
	}
	return written(
		fact{"memory", s.Kind}, fact{"why not a better one", s.Why},
		fact{"samples", samples}, fact{"jitter", r.jitterInWords()}, fact{"gaps", r.gapsInWords()}, fact{"last sample", r.sinceInWords()},
		fact{"cost of sampling", r.samplingInWords()}, fact{"cost of the test", r.harnessInWords()},
		fact{"floors", floors},
		fact{"working set", "usage without inactive page cache, as kubelet, cAdvisor and docker stats define it"},
	)
}

func (r *Record) jitterInWords() string {
	if r.Source.Jitter <= 0 {
		return ""
	}
	return fmt.Sprintf("99 of 100 samples at most %s late, after the one before", latency(r.Source.Jitter))
}

// sinceInWords is how old the last sample was when the run ended, where that is more
// than planned.
func (r *Record) sinceInWords() string {
	if r.Source.Since <= r.Source.Every {
		return ""
	}
	return fmt.Sprintf("%s before the run's end", length(r.Source.Since))
}

// samplingInWords is what sampling cost this machine.
func (r *Record) samplingInWords() string {
	if r.Source.CPU <= 0 {
		return ""
	}
	return fmt.Sprintf("%.2f%% of one core", 100*r.Source.CPU)
}

// harnessInWords is what the test's process cost, load generator and sampler together.
func (r *Record) harnessInWords() string {
	var parts []string
	if h := r.Source.Harness; h.CPU > 0 {
		parts = append(parts, fmt.Sprintf("%s of processor time", length(h.CPU)))
	}
	if m := r.Source.Harness.Memory; m > 0 {
		parts = append(parts, fmt.Sprintf("up to %s resident", MiB(m)))
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, ", ") + ", load generator and sampler included; none of it counts as the target's"
}

// measuredInWords is what a reader of few lines must know of how it was measured:
// "cgroup v2 files, 10.0 Hz, jitter 12ms, no gap, 0.03% of one core".
func (r *Record) measuredInWords() string {
	if len(r.Samples) < 2 || r.Source.Kind == "" {
		return ""
	}
	parts := []string{r.Source.Kind, fmt.Sprintf("%.1f Hz", r.Source.Achieved)}
	if r.Source.Jitter > 0 {
		parts = append(parts, "jitter "+latency(r.Source.Jitter))
	}
	switch gaps := r.gapsInWords(); gaps {
	case "":
	case "none":
		parts = append(parts, "no gap")
	default:
		parts = append(parts, "gaps: "+gaps)
	}
	if cost := r.samplingInWords(); cost != "" {
		parts = append(parts, "sampling took "+cost)
	}
	return strings.Join(parts, ", ")
}

// peakUsageInWords is the largest usage of the run, where the kernel kept it:
// "peak usage 29.6 MiB (exact, in the load phase)".
func (r *Record) peakUsageInWords() string {
	var highest Phase
	for _, p := range r.Phases {
		if p.PeakUsage > highest.PeakUsage {
			highest = p
		}
	}
	if !highest.PeakFrom.Exact() {
		return ""
	}
	return fmt.Sprintf("peak usage %s (exact, in the %s phase)", MiB(highest.PeakUsage), highest.Name)
}

// phaseRow is a phase with what the target used in it.
type phaseRow struct {
	Name, From, Length     string
	Peak, Known            string // of the usage, and how that is known
	Processes              string // at its end
	RSS, PSS, USS, Threads string
}

// phaseRows is the phases; looked, whether any has figures of processes.
func (r *Record) phaseRows() (rows []phaseRow, looked bool) {
	for _, p := range r.Phases {
		row := phaseRow{Name: p.Name, From: clock(p.From), Length: length(p.Length()), Peak: "–", Known: "not measured"}
		if p.PeakUsage > 0 {
			row.Peak, row.Known = MiB(p.PeakUsage), string(p.PeakFrom)
		}
		if l, ok := r.lookAt(p); ok {
			looked = true
			row.Processes, row.Threads = Count(l.Count), Count(l.Threads)
			row.RSS, row.PSS, row.USS = orDash(l.RSS), orDash(l.PSS), orDash(l.USS)
		}
		rows = append(rows, row)
	}
	return rows, looked
}

// lookAt is what was last seen of the target's processes in a phase, with PSS and USS
// if it was at its end.
func (r *Record) lookAt(p Phase) (last profile.Processes, ok bool) {
	for _, l := range r.Processes {
		if l.Phase == p.Name || l.Phase == "" && p.From <= l.At && l.At < p.To {
			last, ok = l, true
		}
	}
	return last, ok
}

// orDash is a size; 0 was not read.
func orDash(bytes uint64) string {
	if bytes == 0 {
		return "–"
	}
	return MiB(bytes)
}

type gapRow struct{ From, Length, What string }

const mostGaps = 20 // rows of the table of gaps

// gapRows is the times without samples, and how many are left out.
func (r *Record) gapRows() (rows []gapRow, more int) {
	for i, g := range r.Source.Gaps {
		if i == mostGaps {
			return rows, len(r.Source.Gaps) - i
		}
		row := gapRow{From: clock(g.From), Length: length(g.To - g.From), What: "no sample"}
		if g.Revived {
			row.What = "the target ended and was started again: what is before and after are two series"
		}
		rows = append(rows, row)
	}
	return rows, 0
}

// gapsInWords is "none", or "3 of more than 300ms; 1.2s without a sample in all".
func (r *Record) gapsInWords() string {
	every := r.Source.Every
	if len(r.Samples) < 2 || every <= 0 {
		return ""
	}
	gaps := Gaps(r.Samples, every)
	if len(gaps) == 0 {
		return "none"
	}
	var missing time.Duration
	for _, g := range gaps {
		missing += g.To - g.From - every
	}
	return fmt.Sprintf("%d of more than %s; %s without a sample in all", len(gaps), gapFrom*every, length(missing))
}
