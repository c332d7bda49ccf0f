package tell

import (
	"fmt"

	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
)

// Note returns the weightiest finding that is not in the headline, and what it is.
func Note(r *report.Record) (name, text string) {
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
	text = fmt.Sprintf("%s at %s", first.Text, words.Clock(first.At))
	if more > 0 {
		text += fmt.Sprintf(" (%d more)", more)
	}
	name = "warning"
	switch first.Kind {
	case report.Extended:
		name = "longer"
	case report.KnownGrowth:
		name = "known"
	case report.Pinned:
		name = "pinned"
	}
	return name, text
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
