package tell

import (
	"fmt"

	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
)

// Note returns the weightiest finding that is not in the headline in words, and its kind;
// nothing where there is none.
func Note(r *report.Record) (kind report.Kind, line string) {
	head, ended := r.Fatal()
	var first report.Finding
	more := -1
	for _, f := range r.Notes {
		if ended && f == head {
			continue
		}
		if more++; more == 0 || Weight(f) > Weight(first) {
			first = f
		}
	}
	if more < 0 {
		return "", ""
	}
	line = fmt.Sprintf("%s at %s", first.Text(), words.Clock(first.At))
	if more > 0 {
		line += fmt.Sprintf(" (%d more)", more)
	}
	return first.Kind, line
}

// NoteName returns what a finding of that kind is called in a line of text.
func NoteName(kind report.Kind) string {
	switch kind {
	case report.Extended:
		return "longer"
	case report.KnownGrowth:
		return "known"
	case report.Pinned:
		return "pinned"
	}
	return "warning"
}

// Weight returns how much a finding matters to who reads only one.
func Weight(f report.Finding) int {
	switch f.Kind {
	case report.Extended, report.KnownGrowth:
		return 0
	case report.Warning:
		return 1
	}
	return 2
}
