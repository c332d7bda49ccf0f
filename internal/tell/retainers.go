package tell

import (
	"fmt"
	"strings"

	"github.com/memgate/memgate/internal/text"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

const (
	nearlyOne  = 0.05 // distance from one that is still called one
	heldShown  = 3
	fewPercent = 0.3 // share of the growth from which on a retainer is named
)

// Retainers returns what retains the growth, in lines for a message: the retainer, its
// share, what it retains, what else retains it. It returns none if nothing is named.
func Retainers(r *report.Record) []string {
	var lines []string
	for i, h := range r.Retainers {
		if i > 0 && h.Share < fewPercent {
			break // it is beside the point
		}
		lines = append(lines, h.String(), "  "+shareInWords(h))
		for _, s := range h.Retains[:min(heldShown, len(h.Retains))] {
			lines = append(lines, "  "+RetainedPath(s))
		}
		if len(h.AlsoRetainedBy) > 0 {
			lines = append(lines, "  also retained by "+strings.Join(h.AlsoRetainedBy, "; "))
		}
	}
	return lines
}

// shareInWords returns "retains 98% of the growth, 2,445 B per request; one more element
// per request (2,000 → 8,000)".
func shareInWords(h report.Retainer) string {
	s := fmt.Sprintf("retains %.0f%% of the growth, %s per request", 100*h.Share, words.Bytes(h.PerRequest))
	switch {
	case h.Elements == 0:
		return s + "; it grows as a whole"
	case h.Elements > 1-nearlyOne && h.Elements < 1+nearlyOne:
		s += "; one more element per request"
	default:
		s += fmt.Sprintf("; %.2f more elements per request", h.Elements)
	}
	counts := h.Counts
	if len(counts) < 3 {
		counts = []uint64{uint64(max(h.Before, 0)), uint64(max(h.After, 0))}
	}
	shown := make([]string, len(counts))
	for i, n := range counts {
		shown[i] = words.Count(n)
	}
	return s + fmt.Sprintf(" (%s)", strings.Join(shown, " → "))
}

// RetainedPath returns a path below a retainer, with its size and growth.
func RetainedPath(h report.Retained) string {
	s := h.Path
	if h.Type != "" {
		s = strings.TrimSpace(s + " (" + h.Type + ")")
	}
	return fmt.Sprintf("%s  %s  %.2f objects per request", words.SignedMiB(h.Bytes), s, h.Objects)
}

// Share is for a page.
func Share(h report.Retainer) string { return text.UpperFirst(shareInWords(h)) }

// Retainer returns the first retainer, or why there is none where something grew.
func Retainer(r *report.Record) string {
	switch {
	case len(r.Retainers) > 0:
		return fmt.Sprintf("%s: %.0f%%", r.Retainers[0], 100*r.Retainers[0].Share)
	case r.Trend.Verdict == leak.Leaking && r.RetainersWhyNot != "":
		return "not known: " + r.RetainersWhyNot
	}
	return ""
}
