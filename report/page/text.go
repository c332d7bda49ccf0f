package page

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/internal/text"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

const (
	mostLines = 12 // of the text form
	topSites  = 3
)

// Text writes the record's summary for a terminal, at most twelve lines without colour:
// the verdict, the rules with ✓ and ✗, the load, the working set as a sparkline, the
// live heaps, the three call sites that grew most, the path of the report.
func Text(w io.Writer, r *report.Record) error {
	v := r.Visible()
	headline := tell.Headline(v)
	if f, ended := v.Fatal(); ended {
		headline = f.Text()
	}
	head := fmt.Sprintf("memtest %s: %s, %s", v.Name, strings.ToUpper(v.Outcome().String()), headline)
	if interval := tell.Interval(v.Trend.PerRequest); interval != "" && v.Trend.Verdict == leak.Leaking {
		head += " (" + interval + " per request)"
	}
	if v.Trend.Onset.Found() && v.Trend.Verdict == leak.Leaking {
		head += "; " + v.Trend.Onset.String()
	}
	below := factLines(v)
	lines := []string{text.OneLine(head, text.Widest)}
	for _, line := range append(checkLines(v, mostLines-1-len(below)), below...) {
		lines = append(lines, "  "+text.OneLine(line, text.Widest))
	}
	if _, err := io.WriteString(w, strings.Join(lines, "\n")+"\n"); err != nil {
		return fmt.Errorf("write summary of %q: %w", r.Name, err)
	}
	return nil
}

// checkLines returns the rules in at most n lines: all, or those that failed before the
// others and how many are left out.
func checkLines(r *report.Record, n int) []string {
	var bad, good []report.Check
	for _, c := range r.Checks {
		if c.Passed() || c.CutShort {
			good = append(good, c)
		} else {
			bad = append(bad, c)
		}
	}
	all := slices.Concat(bad, good)
	var rest []string
	if len(all) > n {
		shown := max(n-1, 0)
		if len(bad) > shown {
			rest = []string{fmt.Sprintf("✗ %d more rules failed, %d did not", len(bad)-shown, len(good))}
		} else {
			word := "kept"
			if all[shown].CutShort {
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

// factLines returns what was measured, at most nine lines.
func factLines(r *report.Record) []string {
	var lines []string
	row := func(name, text string) {
		if text != "" {
			lines = append(lines, fmt.Sprintf("%-7s %s", name, text))
		}
	}
	row("load", tell.Load(r))
	row("memory", tell.Memory(r))
	row("live", tell.LiveHeap(r))
	row("held by", tell.Retainer(r))
	if r.Trend.Verdict != leak.Steady {
		for i, site := range tell.Sites(r.Sites, topSites) {
			row([]string{"where", ""}[min(i, 1)], site)
		}
	}
	for _, waiting := range tell.Goroutines(r.Goroutines, 1) {
		row("waits", waiting)
	}
	if kind, line := tell.Note(r); line != "" {
		row(tell.NoteName(kind), line)
	}
	if len(lines)+len(r.Checks)+3 <= mostLines { // where there is room beside the headline and the report
		row("source", tell.Measured(r))
	}
	row("report", filesInWords(r))
	return lines
}

// filesInWords returns the report's path, and the command that compares the heap profiles
// beside it.
func filesInWords(r *report.Record) string {
	command := tell.PprofCommand(r)
	if r.Report == "" || command == "" {
		return r.Report + command
	}
	return r.Report + "  (" + command + ")"
}
