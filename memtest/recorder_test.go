package memtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/report"
)

// at is ten samples a second of a container of 100 MiB with such working sets in MiB.
func at(sets ...float64) (s []profile.Sample) {
	for i, set := range sets {
		s = append(s, profile.Sample{At: time.Duration(i) * 100 * time.Millisecond, Memory: profile.Memory{WorkingSet: uint64(set * MiB), Limit: 100 * MiB}})
	}
	return s
}

// level is n samples at set.
func level(set float64, n int) (sets []float64) {
	for range n {
		sets = append(sets, set)
	}
	return sets
}

func TestAlarms(t *testing.T) {
	ramp := func(from, to, by float64) (sets []float64) {
		for set := from; set <= to; set += by {
			sets = append(sets, set)
		}
		return sets
	}
	withEvents := at(append(level(85, 10), 85)...)
	withEvents[10].LimitEvents = 7
	stalled := at(level(30, 12)...)
	stalled[11].StallSome = 600_000
	noLimit := at(level(99, 12)...)
	for i := range noLimit {
		noLimit[i].Limit = 0
	}
	for name, tt := range map[string]struct {
		samples []profile.Sample
		want    []string
	}{
		"far from the limit":        {at(level(50, 40)...), nil},
		"creeps up to it":           {at(ramp(88, 97, 0.1)...), []string{"90% of the limit", "92% of the limit", "94% of the limit", "96% of the limit"}},
		"stays near it":             {at(level(91, 100)...), []string{"91% of the limit"}},
		"rushes to it":              {at(ramp(40, 70, 2)...), []string{"50% of the limit, which is 2.5 s away", "60% of the limit, which is 2.0 s away", "70% of the limit, which is 1.5 s away"}},
		"hits it at once":           {withEvents, []string{"the limit was hit"}},
		"waits for memory":          {stalled, []string{"stalls for want of memory"}},
		"comes again":               {at(append(append(level(91, 10), level(60, 10)...), level(91, 10)...)...), []string{"91% of the limit", "91% of the limit"}},
		"there is no limit":         {noLimit, nil},
		"up and down many times":    {at(sawtooth(100)...), repeated("91% of the limit", mostAlarms)},
		"a source without a limit":  {[]profile.Sample{{Memory: profile.Memory{WorkingSet: 5, Limit: 5, Missing: profile.Fields(profile.Limit)}}}, nil},
		"a source without a figure": {[]profile.Sample{{Memory: profile.Memory{WorkingSet: 5, Limit: 5, Missing: profile.Fields(profile.WorkingSet)}}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var a alarmist
			var got []string
			for _, s := range tt.samples {
				if why := a.due(&s); why != "" {
					got = append(got, why)
					a.gave(&s)
				}
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func sawtooth(teeth int) (sets []float64) {
	for range teeth {
		sets = append(append(sets, level(60, 10)...), level(91, 10)...)
	}
	return sets
}

func repeated(s string, n int) (all []string) {
	for range n {
		all = append(all, s)
	}
	return all
}

// An alarm that cannot be given now is due with the next sample, and nobody waits.
func TestAlarmNeverWaits(t *testing.T) {
	m := measurement{alarms: make(chan report.Alarm, 1)}
	samples := at(level(95, 12)...)
	m.alarms <- report.Alarm{Why: "the one before"}
	m.alarm(&samples[0])
	assert.Zero(t, m.alarmist.given)
	<-m.alarms
	m.alarm(&samples[1])
	require.Equal(t, report.Alarm{At: 100 * time.Millisecond, Why: "95% of the limit", WorkingSet: 95 * MiB}, <-m.alarms)
	assert.Equal(t, 1, m.alarmist.given)
}

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

func TestJudgedHeaps(t *testing.T) {
	taken := func(at int, why, phase string) report.ProfileFile {
		return report.ProfileFile{At: time.Duration(at), Why: why, Phase: phase}
	}
	times := func(heaps []heap.Profile) (all []int) {
		for _, h := range heaps {
			all = append(all, int(h.At))
		}
		return all
	}
	all := []report.ProfileFile{taken(1, "", report.Warmup), taken(2, "90%", report.Load), taken(3, "", report.Load), taken(4, "92%", report.Load), taken(5, "94%", report.Load), taken(6, "", report.Final)}
	assert.Equal(t, []int{1, 3}, times(judgedHeaps(all, false)))
	assert.Equal(t, []int{1, 3, 5}, times(judgedHeaps(all, true)))
	assert.Equal(t, []int{1, 3}, times(judgedHeaps(all[:3], true)), "one by plan is later")
	assert.Equal(t, []int{2}, times(judgedHeaps(all[1:2], true)))
	assert.Empty(t, judgedHeaps(nil, true))
}
