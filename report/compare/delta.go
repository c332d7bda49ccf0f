package compare

import (
	"fmt"

	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/internal/words"
)

// String returns the change in words: "41.3 MiB → 48.0 MiB, +6.7 MiB (+16.2%), 95% CI
// +6.1 MiB … +7.2 MiB, p=0.008 n=5+5".
func (d Delta) String() string {
	s := tell.Quantity(d.Before, d.Metric) + " → " + tell.Quantity(d.After, d.Metric) + ", " + d.shift()
	if d.Change.Known {
		s += ", 95% CI " + d.interval()
	}
	return s + fmt.Sprintf(", p=%s n=%d+%d", d.p(), d.N[0], d.N[1])
}

// p returns P to three digits, as benchstat writes it; a dash where there is nothing to test.
func (d Delta) p() string {
	if min(d.N[0], d.N[1]) < 2 {
		return "–"
	}
	return fmt.Sprintf("%.3f", d.P)
}

// shift returns the change with its share of the value before: "+6.7 MiB (+16.2%)".
func (d Delta) shift() string {
	s := tell.Signed(d.Change.Value, d.Metric)
	if d.Before > 0 {
		s += fmt.Sprintf(" (%+.1f%%)", 100*d.Change.Value/d.Before)
	}
	return s
}

// interval returns the change's interval, or why there is none.
func (d Delta) interval() string {
	if !d.Change.Known {
		return d.Change.Why
	}
	return tell.Signed(d.Change.Lo, d.Metric) + " … " + tell.Signed(d.Change.Hi, d.Metric)
}

// String returns the call site with its change: "+312 B/request (0 B → 312 B)  main.put  shop.go:61".
func (d SiteDelta) String() string {
	s := fmt.Sprintf("%s/request (%s → %s)  %s", words.SignedBytes(d.After-d.Before), words.Bytes(d.Before), words.Bytes(d.After), d.Site.Func)
	if at := tell.Place(d.Site); at != "" {
		s += "  " + at
	}
	return s
}
