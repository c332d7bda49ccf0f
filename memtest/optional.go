package memtest

import (
	"io"
	"testing"
	"time"
)

// What a [TB] may have besides what it must. Each is asked for by its name, here only.
type (
	deadliner      interface{ Deadline() (time.Time, bool) }
	artifactDirer  interface{ ArtifactDir() string }
	attributer     interface{ Attr(key, value string) }
	outputter      interface{ Output() io.Writer }
	metricReporter interface{ ReportMetric(n float64, unit string) }
)

var (
	_ TB             = (*testing.T)(nil)
	_ TB             = (*testing.B)(nil)
	_ deadliner      = (*testing.T)(nil)
	_ artifactDirer  = (*testing.T)(nil)
	_ artifactDirer  = (*testing.B)(nil)
	_ attributer     = (*testing.T)(nil)
	_ attributer     = (*testing.B)(nil)
	_ outputter      = (*testing.T)(nil)
	_ outputter      = (*testing.B)(nil)
	_ metricReporter = (*testing.B)(nil)
)

// deadlineOf returns when go test ends the test; false if it does not, or t does not say.
func deadlineOf(t TB) (time.Time, bool) {
	timed, ok := t.(deadliner)
	if !ok {
		return time.Time{}, false
	}
	return timed.Deadline()
}
