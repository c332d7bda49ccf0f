package engine

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
)

func TestPeakSaysHowItIsKnown(t *testing.T) {
	usage := func(now, peak uint64) *profile.Memory { return &profile.Memory{Usage: now, PeakUsage: peak} }
	none := func(now uint64) *profile.Memory {
		return &profile.Memory{Usage: now, Missing: profile.Fields(profile.PeakUsage)}
	}
	for name, tt := range map[string]struct {
		before, in []*profile.Memory
		reset      bool
		want       uint64
		from       report.PeakFrom
	}{
		"reset for the phase":       {[]*profile.Memory{usage(5, 90)}, []*profile.Memory{usage(10, 40), usage(11, 40)}, true, 40, report.PeakReset},
		"highest since the start":   {[]*profile.Memory{usage(5, 90)}, []*profile.Memory{usage(10, 91)}, false, 91, report.PeakHighest},
		"not as high as before":     {[]*profile.Memory{usage(5, 90)}, []*profile.Memory{usage(10, 90), usage(12, 90)}, false, 12, report.PeakSampled},
		"the kernel keeps none":     {[]*profile.Memory{none(99)}, []*profile.Memory{none(7), none(6)}, false, 7, report.PeakSampled},
		"nothing was known before":  {nil, []*profile.Memory{usage(10, 90)}, false, 10, report.PeakSampled},
		"nothing was measured":      {nil, nil, true, 0, ""},
		"a seam has nothing to say": {nil, []*profile.Memory{{Missing: profile.AllFieldsExcept()}}, true, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var p peak
			for _, m := range tt.before {
				p.see(m)
			}
			p = p.next(tt.reset)
			for _, m := range tt.in {
				p.see(m)
			}
			got, from := p.result()
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.from, from)
		})
	}
}
