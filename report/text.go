package report

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
)

const (
	mostLines = 12  // of the text form
	widest    = 600 // runes of one of its lines, which a terminal folds
	topSites  = 3
)

// Text writes the record's summary for a terminal, at most twelve lines without colour:
// the verdict, the rules with ✓ and ✗, the load, the working set as a sparkline, the
// floors, the three call sites that grew most, the path of the report.
func (r *Record) Text(w io.Writer) error {
	v := r.visible()
	headline := v.headline()
	if f, ended := v.fatal(); ended {
		headline = f.Text
	}
	head := fmt.Sprintf("memtest %s: %s, %s", v.Name, strings.ToUpper(string(v.outcome())), headline)
	if interval := intervalInWords(v.Trend.PerRequest); interval != "" && v.Trend.Verdict == leak.Leaking {
		head += " (" + interval + " per request)"
	}
	if v.Trend.Onset.Found() && v.Trend.Verdict == leak.Leaking {
		head += "; " + v.Trend.Onset.String()
	}
	below := v.factLines()
	lines := []string{oneLine(head, widest)}
	for _, line := range append(v.checkLines(mostLines-1-len(below)), below...) {
		lines = append(lines, "  "+oneLine(line, widest))
	}
	if _, err := io.WriteString(w, strings.Join(lines, "\n")+"\n"); err != nil {
		return fmt.Errorf("write summary of %q: %w", r.Name, err)
	}
	return nil
}

// checkLines is the rules in at most n lines: all, or those that failed before the
// others and how many are left out.
func (r *Record) checkLines(n int) []string {
	var bad, good []Check
	for _, c := range r.Checks {
		if c.OK || c.Undecided {
			good = append(good, c)
		} else {
			bad = append(bad, c)
		}
	}
	all := append(bad, good...)
	var rest []string
	if len(all) > n {
		shown := max(n-1, 0)
		if len(bad) > shown {
			rest = []string{fmt.Sprintf("✗ %d more rules failed, %d did not", len(bad)-shown, len(good))}
		} else {
			word := "kept"
			if all[shown].Undecided {
				word = "kept until then"
			}
			rest = []string{fmt.Sprintf("%s %d more rules %s", all[shown].Mark(), len(all)-shown, word)}
		}
		all = all[:shown]
	}
	var rule, limit int
	for _, c := range all {
		rule, limit = max(rule, len([]rune(c.Rule))), max(limit, len([]rune(c.Allowed)))
	}
	var lines []string
	for _, c := range all {
		lines = append(lines, fmt.Sprintf("%s %-*s  %-*s  got %s", c.Mark(), rule, c.Rule, limit, c.Allowed, c.Got))
	}
	return append(lines, rest...)
}

// Mark is the sign of what became of the rule: ✓ kept, ✗ broken, – neither.
func (c Check) Mark() string {
	switch {
	case c.OK:
		return "✓"
	case c.Undecided:
		return "–"
	}
	return "✗"
}

// factLines is what was measured, at most nine lines.
func (r *Record) factLines() []string {
	var lines []string
	row := func(name, text string) {
		if text != "" {
			lines = append(lines, fmt.Sprintf("%-7s %s", name, text))
		}
	}
	row("load", r.loadInWords())
	row("memory", r.memoryInWords())
	row("floors", r.FloorsInWords())
	row("held by", r.holderInWords())
	if r.Trend.Verdict != leak.Steady {
		for i, site := range TopSites(r.Growth, topSites) {
			row([]string{"where", ""}[min(i, 1)], site)
		}
	}
	for _, waiting := range TopGoroutines(r.Goroutines, 1) {
		row("waits", waiting)
	}
	row(r.noteInWords())
	if len(lines)+len(r.Checks)+3 <= mostLines { // where there is room beside the headline and the report
		row("source", r.measuredInWords())
	}
	row("report", r.filesInWords())
	return lines
}

// filesInWords is the report's path, and the command that compares the heap profiles
// beside it.
func (r *Record) filesInWords() string {
	command := r.PprofCommand()
	if r.Report == "" || command == "" {
		return r.Report + command
	}
	return r.Report + "  (" + command + ")"
}

// loadInWords is "24,000 requests in 2m0s, 200 req/s, p99 9.38ms, errors 0.0%".
func (r *Record) loadInWords() string {
	l := r.Load
	if l.Requests == 0 {
		return ""
	}
	s := fmt.Sprintf("%s requests in %s, %s", Count(l.Requests), length(l.Duration), rateInWords(l.Rate))
	if l.Planned > 0 && l.Rate < 0.95*l.Planned {
		s += fmt.Sprintf(" of %s planned", rateInWords(l.Planned))
	}
	return fmt.Sprintf("%s, p99 %s, errors %s", s, latency(l.Latency.P99), percent(1-l.Success))
}

func rateInWords(perSecond float64) string {
	if perSecond < 10 {
		return fmt.Sprintf("%.1f req/s", perSecond)
	}
	return grouped(fmt.Sprintf("%.0f", perSecond)) + " req/s"
}

// sparkWidth is the columns of the sparkline.
const sparkWidth = 40

// memoryInWords is the working set as a sparkline, its ends, its peak and the limit.
func (r *Record) memoryInWords() string {
	if len(r.Samples) == 0 {
		return ""
	}
	peak := r.Samples.Peak()
	size, unit := sizes(r.Samples[0].WorkingSet, r.Samples[len(r.Samples)-1].WorkingSet, peak.WorkingSet)
	s := fmt.Sprintf("%s  %s → %s %s, peak %s at %s", sparkline(r.Samples, sparkWidth), size[0], size[1], unit, size[2], clock(peak.At))
	if r.Env.Limit > 0 {
		s += ", limit " + MiB(r.Env.Limit)
	}
	if exact := r.peakUsageInWords(); exact != "" {
		s += "; " + exact
	}
	return s
}

// noteInWords is the weightiest finding that is not in the headline, and what it is.
func (r *Record) noteInWords() (name, text string) {
	head, ended := r.fatal()
	var first Finding
	more := -1
	for _, f := range r.Notes {
		if ended && f == head {
			continue
		}
		if more++; more == 0 || weight(f) > weight(first) {
			first = f
		}
	}
	if more < 0 {
		return "", ""
	}
	text = fmt.Sprintf("%s at %s", first.Text, clock(first.At))
	if more > 0 {
		text += fmt.Sprintf(" (%d more)", more)
	}
	name = "warning"
	switch first.Kind {
	case Extended:
		name = "longer"
	case KnownGrowth:
		name = "known"
	case Pinned:
		name = "pinned"
	}
	return name, text
}

// weight is how much a finding matters to who reads only one.
func weight(f Finding) int {
	switch f.Kind {
	case Extended, KnownGrowth:
		return 0
	case Warning:
		return 1
	}
	return 2
}

// sparkline is the highest working set of each of width parts of the run, on a scale
// from the lowest of them to the highest. Parts without a sample are blank.
func sparkline(s profile.Series, width int) string {
	const blocks = "▁▂▃▄▅▆▇"
	highest := highestParts(s, width)
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
			line[i] = steps[int((h-low)/max(high-low, mib)*float64(len(steps)-1)+0.5)]
		}
	}
	return strings.TrimRight(string(line), " ")
}

// highestParts is the highest working set of each of width parts of the run; 0 where
// there is no sample.
func highestParts(s profile.Series, width int) []float64 {
	span := max(s[len(s)-1].At-s[0].At, time.Nanosecond)
	highest := make([]float64, width)
	for i := range s {
		at := int(float64(s[i].At-s[0].At) / float64(span) * float64(width))
		at = min(max(at, 0), width-1)
		highest[at] = max(highest[at], float64(s[i].WorkingSet))
	}
	return highest
}
