package tell

import (
	"time"

	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
)

// Quantity returns a figure's value with its unit, as people read it: "48.0 MiB", "9.38ms",
// "120 B".
func Quantity(v float64, unit string) string {
	switch unit {
	case report.GrowthUnit:
		return words.Bytes(v)
	case report.LatencyUnit:
		return words.Latency(time.Duration(v * float64(time.Second)))
	case report.RateUnit:
		return words.Rate(v)
	}
	return words.Mebibytes(v) + " MiB"
}

func SignedUnit(v float64, unit string) string {
	if v < 0 {
		return "-" + Quantity(-v, unit)
	}
	return words.Sign(v) + Quantity(v, unit)
}
