package page

import (
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
)

// alarmRow is an alarm or a mapping in a table.
type alarmRow struct {
	At, Why string
	Sizes   []string
}

// alarmRows returns the alarms, and what the last one knows of mappings.
func alarmRows(r *report.Record) (alarms, mappings []alarmRow, missing string) {
	var last *report.Alarm
	for i := range r.Alarms {
		a := &r.Alarms[i]
		row := alarmRow{At: words.Clock(a.At), Why: a.Why}
		if a.WhyNot != "" {
			missing = a.WhyNot
			row.Sizes = append(mebibyteCells(a.WorkingSet), "–", "–", "–", "–", "–", "–", "–")
		} else {
			last = a
			row.Sizes = mebibyteCells(a.WorkingSet, a.RSS, a.PSS, a.Anon, a.File, a.Shmem, a.Swap, a.PrivateDirty)
		}
		alarms = append(alarms, row)
	}
	if last != nil {
		for _, m := range last.Largest {
			mappings = append(mappings, alarmRow{At: words.Count(uint64(m.Count)), Why: m.Name, Sizes: mebibyteCells(m.RSS, m.Anon, m.PrivateDirty, m.Swap)})
		}
	}
	return alarms, mappings, missing
}

func mebibyteCells(bytes ...uint64) (text []string) {
	for _, b := range bytes {
		text = append(text, words.Mebibytes(float64(b)))
	}
	return text
}
