package tell

import (
	"fmt"
	"strings"
	"time"

	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
)

// Jitter returns how late samples were taken, where they were late.
func Jitter(r *report.Record) string {
	if r.Source.Jitter <= 0 {
		return ""
	}
	return fmt.Sprintf("p99 sampling delay %s", words.Latency(r.Source.Jitter))
}

// Since returns how old the last sample was when the run ended, where that is more
// than planned.
func Since(r *report.Record) string {
	if r.Source.Since <= r.Source.Every {
		return ""
	}
	return fmt.Sprintf("%s before the run's end", words.Length(r.Source.Since))
}

// SamplingCost returns what sampling cost this machine.
func SamplingCost(r *report.Record) string {
	if r.Source.CPU <= 0 {
		return ""
	}
	return fmt.Sprintf("%.2f%% of one core", 100*r.Source.CPU)
}

// HarnessCost returns what the test's process cost, load generator and sampler together.
func HarnessCost(r *report.Record) string {
	var parts []string
	if h := r.Source.Harness; h.CPU > 0 {
		parts = append(parts, fmt.Sprintf("%s of processor time", words.Length(h.CPU)))
	}
	if m := r.Source.Harness.Memory; m > 0 {
		parts = append(parts, fmt.Sprintf("up to %s resident", words.MiB(m)))
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, ", ") + ", load generator and sampler included; none of it counts as the target's"
}

// Measured returns what a reader of few lines must know of how it was measured:
// "cgroup v2 files, 10.0 Hz, jitter 12ms, no gap, 0.03% of one core".
func Measured(r *report.Record) string {
	if len(r.Samples) < 2 || r.Source.Kind == "" {
		return ""
	}
	parts := []string{r.Source.Kind, fmt.Sprintf("%.1f Hz", r.Source.Achieved)}
	if r.Source.Jitter > 0 {
		parts = append(parts, "jitter "+words.Latency(r.Source.Jitter))
	}
	switch gaps := report.Gaps(r.Samples, r.Source.Every); {
	case r.Source.Every <= 0:
	case len(gaps) == 0:
		parts = append(parts, "no gap")
	default:
		parts = append(parts, "gaps: "+Gaps(r))
	}
	if cost := SamplingCost(r); cost != "" {
		parts = append(parts, "sampling took "+cost)
	}
	return strings.Join(parts, ", ")
}

// Gaps returns "none", or "3 of more than 300ms; 1.2s without a sample in all".
func Gaps(r *report.Record) string {
	every := r.Source.Every
	if len(r.Samples) < 2 || every <= 0 {
		return ""
	}
	gaps := report.Gaps(r.Samples, every)
	if len(gaps) == 0 {
		return "none"
	}
	var missing time.Duration
	for _, g := range gaps {
		missing += g.To - g.From - every
	}
	return fmt.Sprintf("%d of more than %s; %s without a sample in all", len(gaps), r.Source.ShortestGap(), words.Length(missing))
}
