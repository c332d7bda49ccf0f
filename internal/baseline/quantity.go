package baseline

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// scale returns the unit in which people read a figure, and how many of the figure's own it is.
func scale(unit string) (name string, by float64) {
	switch {
	case strings.HasSuffix(unit, "-B"):
		return "MiB", 1 << 20
	case strings.HasSuffix(unit, "-sec"):
		return "ms", 1e-3
	case strings.HasSuffix(unit, "-B/req"):
		return "B/request", 1
	}
	return unit, 1
}

// quantity returns a value of that unit for people, to three decimals: "31.250 MiB", "9.380 ms".
func quantity(unit string, v float64) string {
	name, by := scale(unit)
	return strconv.FormatFloat(v/by+0, 'f', 3, 64) + " " + name
}

// quantityOf reads what quantity writes.
func quantityOf(unit, number, name string) (float64, error) {
	want, by := scale(unit)
	v, err := strconv.ParseFloat(number, 64)
	switch {
	case name != want:
		return 0, fmt.Errorf("%s is written in %s, not in %q", unit, want, name)
	case err != nil || !possible(unit, v*by):
		return 0, fmt.Errorf("%s cannot be %q", unit, number)
	}
	return v * by, nil
}

// rounded returns the value as the file keeps it in its history.
func rounded(unit string, v float64) float64 {
	_, by := scale(unit)
	return math.Round(v/by*1000) / 1000 * by
}

// possible tells whether a figure can have that value. Only growth can be negative, where
// memory shrank.
func possible(unit string, v float64) bool {
	return math.Abs(v) <= 1e18 && (v >= 0 || strings.HasPrefix(unit, "growth"))
}

// percent returns how much more to is than from: "+11.0%"; "-" where that means nothing: of
// growth per request, which is near 0 where all is well.
func percent(unit string, from, to float64) string {
	if from <= 0 || strings.HasPrefix(unit, "growth") {
		return "-"
	}
	return fmt.Sprintf("%+.1f%%", 100*(to/from-1))
}

// RoundUp returns the value at the precision that a file keeps, and never below it.
func RoundUp(unit string, v float64) float64 {
	_, by := scale(unit)
	return math.Ceil(v/by*1000) / 1000 * by
}
