package baseline

import (
	"fmt"
	"math"
	"strconv"

	"github.com/memgate/memgate/report"
)

// scale returns the unit in which people read a figure, and how many of the figure's own it is.
func scale(m report.Metric) (name string, by float64) {
	switch m {
	case report.GrowthPerRequest:
		return "B/request", 1
	case report.P99Latency:
		return "ms", 1e-3
	case report.PeakWorkingSet, report.AverageWorkingSet, report.SettledWorkingSet, report.LiveHeap:
		return "MiB", 1 << 20
	}
	return string(m), 1
}

// quantity returns a value of that unit for people, to three decimals: "31.250 MiB", "9.380 ms".
func quantity(m report.Metric, v float64) string {
	name, by := scale(m)
	return strconv.FormatFloat(v/by+0, 'f', 3, 64) + " " + name
}

// quantityOf reads what quantity writes.
func quantityOf(m report.Metric, number, name string) (float64, error) {
	want, by := scale(m)
	v, err := strconv.ParseFloat(number, 64)
	switch {
	case name != want:
		return 0, fmt.Errorf("%s is written in %s, not in %q", m, want, name)
	case err != nil || !possible(m, v*by):
		return 0, fmt.Errorf("%s cannot be %q", m, number)
	}
	return v * by, nil
}

// rounded returns the value as the file keeps it in its history.
func rounded(m report.Metric, v float64) float64 {
	_, by := scale(m)
	return math.Round(v/by*1000) / 1000 * by
}

// possible tells whether a figure can have that value. Only growth can be negative, where
// memory shrank.
func possible(m report.Metric, v float64) bool {
	return math.Abs(v) <= 1e18 && (v >= 0 || m == report.GrowthPerRequest)
}

// percent returns how much more to is than from: "+11.0%"; "-" where that means nothing: of
// growth per request, which is near 0 where all is well.
func percent(m report.Metric, from, to float64) string {
	if from <= 0 || m == report.GrowthPerRequest {
		return "-"
	}
	return fmt.Sprintf("%+.1f%%", 100*(to/from-1))
}

// RoundUp returns the value at the precision that a file keeps, and never below it.
func RoundUp(m report.Metric, v float64) float64 {
	_, by := scale(m)
	return math.Ceil(v/by*1000) / 1000 * by
}
