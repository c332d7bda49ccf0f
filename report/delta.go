package report

import (
	"fmt"
	"time"
)

// String is the change in words: "41.3 MiB → 48.0 MiB, +6.7 MiB (+16.2%), 95% CI
// +6.1 MiB … +7.2 MiB, p=0.008 n=5+5".
func (d Delta) String() string {
	s := Quantity(d.Before, d.Unit) + " → " + Quantity(d.After, d.Unit) + ", " + d.shift()
	if d.Change.Known {
		s += ", 95% CI " + d.interval()
	}
	return s + fmt.Sprintf(", p=%s n=%d+%d", d.p(), d.N[0], d.N[1])
}

// p is P to three digits, as benchstat writes it; a dash where there is nothing to test.
func (d Delta) p() string {
	if min(d.N[0], d.N[1]) < 2 {
		return "–"
	}
	return fmt.Sprintf("%.3f", d.P)
}

// shift is the change with its share of the value before: "+6.7 MiB (+16.2%)".
func (d Delta) shift() string {
	s := signedUnit(d.Change.Value, d.Unit)
	if d.Before > 0 {
		s += fmt.Sprintf(" (%+.1f%%)", 100*d.Change.Value/d.Before)
	}
	return s
}

// interval is the change's interval, or why there is none.
func (d Delta) interval() string {
	if !d.Change.Known {
		return d.Change.Why
	}
	return signedUnit(d.Change.Lo, d.Unit) + " … " + signedUnit(d.Change.Hi, d.Unit)
}

// Quantity is a figure's value with its unit, as people read it: "48.0 MiB", "9.38ms",
// "120 B".
func Quantity(v float64, unit string) string {
	switch unit {
	case GrowthUnit:
		return Bytes(v)
	case LatencyUnit:
		return latency(time.Duration(v * float64(time.Second)))
	case RateUnit:
		return rateInWords(v)
	}
	return mebibytes(v) + " MiB"
}

func signedUnit(v float64, unit string) string {
	if v < 0 {
		return "-" + Quantity(-v, unit)
	}
	return sign(v) + Quantity(v, unit)
}

// String is the call site with its change: "+312 B/request (0 B → 312 B)  main.put  shop.go:61".
func (d SiteDelta) String() string {
	s := fmt.Sprintf("%s/request (%s → %s)  %s", SignedBytes(d.After-d.Before), Bytes(d.Before), Bytes(d.After), d.Site.Func)
	if at := place(d.Site); at != "" {
		s += "  " + at
	}
	return s
}
