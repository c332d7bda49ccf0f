package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
)

const mib = 1 << 20

// at is ten samples a second of a container of 100 MiB with such working sets in MiB.
func at(sets ...float64) (s []profile.Sample) {
	for i, set := range sets {
		s = append(s, profile.Sample{At: time.Duration(i) * 100 * time.Millisecond, Memory: profile.Memory{WorkingSet: uint64(set * mib), Limit: 100 * mib}})
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
		"waits for memory":          {stalled, []string{"memory stalls"}},
		"comes again":               {at(append(append(level(91, 10), level(60, 10)...), level(91, 10)...)...), []string{"91% of the limit", "91% of the limit"}},
		"there is no limit":         {noLimit, nil},
		"up and down many times":    {at(sawtooth(100)...), repeated("91% of the limit", mostAlarms)},
		"a source without a limit":  {[]profile.Sample{{Memory: profile.Memory{WorkingSet: 5, Limit: 5, Missing: profile.Fields(profile.Limit)}}}, nil},
		"a source without a figure": {[]profile.Sample{{Memory: profile.Memory{WorkingSet: 5, Limit: 5, Missing: profile.Fields(profile.WorkingSet)}}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var a pressure
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
	f := flight{alarms: make(chan report.Alarm, 1)}
	samples := at(level(95, 12)...)
	f.alarms <- report.Alarm{Why: "the one before"}
	f.see(&samples[0])
	assert.Zero(t, f.pressure.given)
	<-f.alarms
	f.see(&samples[1])
	require.Equal(t, report.Alarm{At: 100 * time.Millisecond, Why: "95% of the limit", WorkingSet: 95 * mib}, <-f.alarms)
	assert.Equal(t, 1, f.pressure.given)
}
