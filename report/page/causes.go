package page

import (
	"math"
	"strconv"

	"github.com/memgate/memgate/internal/stats"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
)

// causeRow is a part of the working set's growth, with its bar on a scale that all
// rows share, from where the largest loss ends to where the largest growth does.
type causeRow struct {
	Name, Size       string
	Start, BarLength string // in hundredths of the bar's width
	Shrank           bool
}

// leastCause is the growth in bytes that is written as more than 0.0 MiB.
const leastCause = words.Mib / 20

// causeRows returns what the working set's growth is made of, largest first, and the names
// of causes that grew and shrank by next to nothing.
func causeRows(r *report.Record) (rows []causeRow, still []string) {
	var low, high float64
	for _, c := range r.Trend.Split {
		low, high = min(low, c.Bytes), max(high, c.Bytes)
	}
	if span := high - low; span <= 0 || math.IsInf(span, 0) || math.IsNaN(span) {
		low, high = 0, 1
	}
	at := func(v float64) float64 { return 100 * (v - low) / (high - low) }
	for _, c := range r.Trend.Split {
		if math.Abs(c.Bytes) < leastCause {
			still = append(still, c.Name)
			continue
		}
		row := causeRow{Name: c.Name, Size: words.SignedMiB(int64(c.Bytes)), Shrank: c.Bytes < 0}
		row.Start, row.BarLength = hundredths(at(min(0, c.Bytes))), hundredths(max(0.5, math.Abs(at(c.Bytes)-at(0))))
		if !stats.Finite(c.Bytes) {
			row.Start, row.BarLength = "0", "0"
		}
		rows = append(rows, row)
	}
	return rows, still
}

func hundredths(v float64) string { return strconv.FormatFloat(min(max(v, 0), 100), 'f', 1, 64) }
