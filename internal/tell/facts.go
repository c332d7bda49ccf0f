package tell

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
)

// Load returns "24,000 requests in 2m0s, 200 req/s, p99 9.38ms, errors 0.0%".
func Load(r *report.Record) string {
	l := r.Load
	if l.Requests == 0 {
		return ""
	}
	s := fmt.Sprintf("%s requests in %s, %s", words.Count(l.Requests), words.Length(l.Duration), words.Rate(l.Rate))
	if l.Planned > 0 && l.Rate < 0.95*l.Planned {
		s += fmt.Sprintf(" of %s planned", words.Rate(l.Planned))
	}
	return fmt.Sprintf("%s, p99 %s, errors %s", s, words.Latency(l.Latency.P99), words.Percent(1-l.Success))
}

// sparkWidth is the columns of the sparkline.
const sparkWidth = 40

// Memory returns the working set as a sparkline, its ends, its peak and the limit.
func Memory(r *report.Record) string {
	if len(r.Samples) == 0 {
		return ""
	}
	peak := r.Samples.Peak()
	size, unit := words.Sizes(r.Samples[0].WorkingSet, r.Samples[len(r.Samples)-1].WorkingSet, peak.WorkingSet)
	s := fmt.Sprintf("%s  %s → %s %s, peak %s at %s", sparkline(r.Samples, sparkWidth), size[0], size[1], unit, size[2], words.Clock(peak.At))
	if r.Env.Limit > 0 {
		s += ", limit " + words.MiB(r.Env.Limit)
	}
	if exact := peakUsageInWords(r); exact != "" {
		s += "; " + exact
	}
	return s
}

// sparkline returns the highest working set of each of width parts of the run, on a scale
// from the lowest of them to the highest. Parts without a sample are blank.
func sparkline(s profile.Series, width int) string {
	const blocks = "▁▂▃▄▅▆▇"
	highest := HighestParts(s, width)
	low, high := math.Inf(1), 0.0
	for _, h := range highest {
		if h > 0 {
			low, high = min(low, h), max(high, h)
		}
	}
	steps := []rune(blocks)
	line := make([]rune, width)
	for i, h := range highest {
		line[i] = ' '
		if h > 0 {
			line[i] = steps[int((h-low)/max(high-low, words.Mib)*float64(len(steps)-1)+0.5)]
		}
	}
	return strings.TrimRight(string(line), " ")
}

// HighestParts returns the highest working set of each of width parts of the run; 0 where
// there is no sample.
func HighestParts(s profile.Series, width int) []float64 {
	span := max(s[len(s)-1].At-s[0].At, time.Nanosecond)
	highest := make([]float64, width)
	for i := range s {
		at := int(float64(s[i].At-s[0].At) / float64(span) * float64(width))
		at = min(max(at, 0), width-1)
		highest[at] = max(highest[at], float64(s[i].WorkingSet))
	}
	return highest
}

// peakUsageInWords returns the largest usage of the run, where the kernel kept it:
// "peak usage 29.6 MiB (exact, in the load phase)".
func peakUsageInWords(r *report.Record) string {
	var highest report.Phase
	for _, p := range r.Phases {
		if p.PeakUsage > highest.PeakUsage {
			highest = p
		}
	}
	if !highest.PeakFrom.Exact() {
		return ""
	}
	return fmt.Sprintf("peak usage %s (exact, in the %s phase)", words.MiB(highest.PeakUsage), highest.Name)
}
