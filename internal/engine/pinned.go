package engine

import (
	"fmt"
	"strings"
	"time"

	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
)

// A target is pinned at its limit if its working set stays at pinnedShare of it for
// pinnedFor, and suffers: it waits for its own pages, or its requests fail.
const (
	pinnedShare = 0.98
	pinnedFor   = 3 * time.Second
)

// pinned returns the finding for a target that sat at its memory limit without being killed.
func pinned(r *report.Record) (report.Finding, bool) {
	from, to := longestAtLimit(r.Samples)
	if to <= from || r.Samples[to].At-r.Samples[from].At < pinnedFor {
		return report.Finding{}, false
	}
	first, last := &r.Samples[from], &r.Samples[to]
	signs := hardships(r, first, last)
	if len(signs) == 0 {
		return report.Finding{}, false
	}
	return report.Finding{
		At: first.At, Kind: report.Pinned,
		Summary: fmt.Sprintf("the target was pinned at its memory limit of %s for %v without being killed", words.MiB(last.Limit), (last.At - first.At).Round(100*time.Millisecond)),
		Detail:  fmt.Sprintf(": %s; it was thrashing, reading pages again that it could not keep", strings.Join(signs, ", ")),
		Remedy:  "raise the limit, or find what fills the memory",
	}, true
}

// longestAtLimit returns the first and the last of the samples of the longest time at the
// limit; equal if there is none.
func longestAtLimit(s profile.Series) (from, to int) {
	start := -1
	for i := range s {
		limit, known := s[i].Value(profile.Limit)
		set, ok := s[i].Value(profile.WorkingSet)
		if !known || !ok || limit == 0 || float64(set) < pinnedShare*float64(limit) {
			start = -1
			continue
		}
		if start < 0 {
			start = i
		}
		if s[i].At-s[start].At > s[to].At-s[from].At {
			from, to = start, i
		}
	}
	return from, to
}

// hardships returns the signs of too little memory between two samples.
func hardships(r *report.Record, first, last *profile.Sample) (signs []string) {
	if n := rose(first, last, profile.MajorFaults); n > 0 {
		signs = append(signs, words.Count(n)+" major faults")
	}
	if n := rose(first, last, profile.RefaultsFile, profile.RefaultsAnon); n > 0 {
		signs = append(signs, words.Count(n)+" pages needed again")
	}
	if n := rose(first, last, profile.LimitEvents, profile.OOMEvents); n > 0 {
		signs = append(signs, "the limit was hit "+words.Count(n)+" times")
	}
	if us := rose(first, last, profile.StallSome); us > 0 {
		signs = append(signs, (time.Duration(us)*time.Microsecond).Round(time.Millisecond).String()+" of stalls")
	}
	began := r.Load.Started.Sub(r.Started)
	if p, ok := r.Phase(report.Load); ok && r.Load.Started.IsZero() {
		began = p.From
	}
	var failed uint64
	for _, second := range r.Load.PerSecond {
		if at := began + second.At; at >= first.At-time.Second && at <= last.At {
			failed += second.Errors
		}
	}
	if failed > 0 {
		signs = append(signs, words.Count(failed)+" requests failed")
	}
	return signs
}
