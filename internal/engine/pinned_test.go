package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
)

func TestPinned(t *testing.T) {
	suffering := func(s []profile.Sample) []profile.Sample {
		for i := range s {
			s[i].MajorFaults = uint64(i) * 10
		}
		return s
	}
	for name, tt := range map[string]struct {
		samples []profile.Sample
		load    load.Summary
		want    string
	}{
		"major faults":         {samples: suffering(at(level(99, 51)...)), want: "pinned at its memory limit of 100.0 MiB for 5s without being killed: 500 major faults;"},
		"the longest time":     {samples: suffering(at(append(append(level(99, 10), 50), level(99, 41)...)...)), want: "for 4s without"},
		"not for long":         {samples: suffering(at(level(99, 20)...))},
		"not quite":            {samples: suffering(at(level(97, 100)...))},
		"full, but it is fine": {samples: at(level(99, 100)...)},
		"requests fail": {
			samples: at(level(99, 100)...),
			load:    load.Summary{PerSecond: []load.Second{{At: 2 * time.Second, Errors: 7}, {At: time.Hour, Errors: 9}}},
			want:    "for 9.9s without being killed: 7 requests failed;",
		},
		"none": {},
	} {
		t.Run(name, func(t *testing.T) {
			f, ok := pinned(&report.Record{Samples: tt.samples, Load: tt.load, Phases: []report.Phase{{Name: report.Load}}})
			assert.Equal(t, tt.want != "", ok)
			assert.Contains(t, f.Text(), tt.want)
			assert.False(t, f.Fatal)
		})
	}
}
