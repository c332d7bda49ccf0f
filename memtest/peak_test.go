package memtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
)

func TestPeakOfABudgetHeedsTheKernel(t *testing.T) {
	r := &report.Record{Phases: []report.Phase{{Name: report.Load, To: time.Minute, PeakUsage: 100 << 20, PeakFrom: report.PeakReset}}}
	for i := range 60 {
		r.Samples = append(r.Samples, profile.Sample{At: time.Duration(i) * time.Second, Memory: profile.Memory{WorkingSet: 10 << 20, InactiveFile: 5 << 20, Usage: 15 << 20}})
	}
	assert.Equal(t, float64(95<<20), peakOf(r).bytes, "less all page cache that may have been in it")
	r.Phases[0].PeakFrom = report.PeakSampled
	assert.Equal(t, float64(10<<20), peakOf(r).bytes)
}
