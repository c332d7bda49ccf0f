package tell

import (
	"fmt"
	"time"

	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
)

// Known returns what is to be said of each entry of Known: that it was made use of, is
// of no use any more, has expired or could not be checked.
func Known(r *report.Record) (findings []report.Finding) {
	for _, k := range r.Known {
		sites, checked := r.KnownSites(k)
		f := report.Finding{Kind: report.KnownGrowth}
		name := fmt.Sprintf("known growth of %q (%s, until %s)", k.Func, k.Reason, k.Until.Format(time.DateOnly))
		switch {
		case k.Expired(r.Started):
			f.Summary = name + " has expired: fix the leak, or extend Until with a new reason"
		case !checked:
			f.Summary = name + " could not be checked: there are no two heap profiles of the load"
		case len(sites) == 0:
			f.Summary = name + " fits nothing that grew: take it out of the scenario"
		default:
			var all float64
			for _, s := range sites {
				_, slope := s.Whole()
				all += slope.Value
			}
			f.Summary = fmt.Sprintf("%s: %s grew by %s/request of %s that are tolerated", name, sites[0].Func, words.Bytes(all), words.Bytes(k.PerRequest))
		}
		findings = append(findings, f)
	}
	return findings
}
