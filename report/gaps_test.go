package report_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/memgate/memgate/internal/fixture"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
)

func TestGaps(t *testing.T) {
	const every = 100 * time.Millisecond
	at := func(ms ...int) (s profile.Series) {
		for _, m := range ms {
			sample := profile.Sample{At: time.Duration(max(m, -m)) * time.Millisecond}
			if m < 0 { // a seam
				sample.Missing = profile.AllFieldsExcept()
			}
			s = append(s, sample)
		}
		return s
	}
	ms := func(from, to int, revived bool) report.Gap {
		return report.Gap{From: time.Duration(from) * time.Millisecond, To: time.Duration(to) * time.Millisecond, Revived: revived}
	}
	for name, tt := range map[string]struct {
		s    profile.Series
		want []report.Gap
	}{
		"none":       {at(0, 100, 200, 500), nil},
		"one":        {at(0, 100, 501, 600), []report.Gap{ms(100, 501, false)}},
		"revived":    {at(0, 100, -150, 200, 300), []report.Gap{ms(100, 200, true)}},
		"seam first": {at(-50, 100, 200), nil},
		"seam last":  {at(0, 100, -150), nil},
		"nothing":    {nil, nil},
	} {
		assert.Equal(t, tt.want, report.Gaps(tt.s, every), name)
	}
	assert.Empty(t, report.Gaps(at(0, 1000, 9000), 0), "nothing was planned")
}

func TestStalls(t *testing.T) {
	r := fixture.Leaking()
	r.Source.Gaps = report.Gaps(r.Samples, r.Source.Every)
	assert.Empty(t, r.Stalls())
	r.Samples = append(r.Samples[:300:300], r.Samples[340:]...)
	r.Source.Gaps = report.Gaps(r.Samples, r.Source.Every)
	assert.Equal(t, []string{"no memory sample was taken for 4.1s from 00:29 on"}, r.Stalls())
	assert.Empty(t, new(report.Record).Stalls())
}
