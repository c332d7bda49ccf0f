package memtest

import (
	"fmt"

	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
)

// growth is what the heap profiles of the measured load say grew. Where memory leaks by
// so little, or in so few steps, that none can be told from chance, it is the likeliest.
func (m *measurement) growth() []profile.Site {
	var heaps []profile.Heap
	for _, h := range m.record.Heaps {
		if h.Phase != report.Floor {
			heaps = append(heaps, profile.Heap{At: h.At, Requests: h.Requests, Raw: h.Raw})
		}
	}
	if len(heaps) < 2 {
		return nil
	}
	sites, err := profile.Growth(heaps)
	if err != nil {
		m.note(report.Finding{Kind: report.Warning, Text: fmt.Sprintf("the growth by call site is not known: %v", err)})
	}
	if len(sites) == 0 && m.record.Trend.Verdict == profile.Leaking {
		sites, _ = profile.Candidates(heaps) // its error is Growth's
	}
	return sites
}
