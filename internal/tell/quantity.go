package tell

import (
	"time"

	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
)

// Quantity returns a figure's value with its unit, as people read it: "48.0 MiB", "9.38ms",
// "120 B".
func Quantity(v float64, m report.Metric) string {
	switch m {
	case report.GrowthPerRequest:
		return words.Bytes(v)
	case report.P99Latency:
		return words.Latency(time.Duration(v * float64(time.Second)))
	case report.RequestRate:
		return words.Rate(v)
	}
	return words.Mebibytes(v) + " MiB"
}

// Signed returns Quantity with its sign: "+48.0 MiB".
func Signed(v float64, m report.Metric) string {
	if v < 0 {
		return "-" + Quantity(-v, m)
	}
	return words.Sign(v) + Quantity(v, m)
}
