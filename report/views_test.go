package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/fixture"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

func TestEvidence(t *testing.T) {
	r := fixture.Leaking()
	e := r.Evidence()
	assert.Equal(t, time.Minute, e.Window)
	assert.Equal(t, 200.0, e.Planned)
	assert.Empty(t, e.Broken)
	load, ok := r.Phase(report.Load)
	require.True(t, ok)
	require.NotEmpty(t, e.Samples)
	require.NotEmpty(t, e.LiveHeaps)
	assert.GreaterOrEqual(t, e.Samples[0].At, load.From)
	assert.LessOrEqual(t, e.Samples[len(e.Samples)-1].At, load.To)
	assert.Len(t, e.LiveHeaps, 61)
	assert.Equal(t, leak.Evidence{}, new(report.Record).Evidence())
}

func TestEvidenceThatIsBroken(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*report.Record)
		want  string // "" if it is not broken
	}{
		"killed":            {func(r *report.Record) { r.Notes = append(r.Notes, report.Finding{Fatal: true, Summary: "it died"}) }, "it died"},
		"a child is killed": {func(r *report.Record) { r.Samples[300].OOMKills, r.Samples[301].OOMKills = 0, 1 }, "the kernel OOM-killed 1 process(es) of the target at 00:30"},
		"gap":               {func(r *report.Record) { r.Samples = append(r.Samples[:300:300], r.Samples[360:]...) }, "no memory sample was taken for 6.1s from 00:29 on"},
		"short gap":         {func(r *report.Record) { r.Samples = append(r.Samples[:300:300], r.Samples[320:]...) }, ""},
		"slow sampling": {func(r *report.Record) {
			r.Source.Every = time.Second
			r.Samples = append(r.Samples[:300:300], r.Samples[360:]...)
		}, ""},
		"many short gaps": {func(r *report.Record) {
			for i := 150; i < 500; i += 10 { // of 0.6 s each
				r.Samples = append(r.Samples[:i:i], r.Samples[i+5:]...)
			}
		}, "gaps in the memory samples are"},
		"started again":  {func(r *report.Record) { r.Samples[300].Memory = profile.Memory{Missing: profile.AllFieldsExcept()} }, "the target ended and was started again between 00:29 and 00:30"},
		"gap in warm-up": {func(r *report.Record) { r.Samples = append(r.Samples[:10:10], r.Samples[90:]...) }, ""},
		"warning": {func(r *report.Record) {
			r.Notes = append(r.Notes, report.Finding{Kind: report.Warning, Summary: "slow"})
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := fixture.Leaking()
			c.spoil(r)
			broken := r.Evidence().Broken
			if c.want == "" {
				assert.Empty(t, broken)
				return
			}
			require.NotEmpty(t, broken)
			assert.Contains(t, broken[0], strings.TrimSuffix(c.want, " on"))
		})
	}
}
