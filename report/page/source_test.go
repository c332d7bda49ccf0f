package page

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/memgate/memgate/internal/fixture"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// What was measured of the measuring is shown, not kept in the JSON alone.
func TestPageShowsTheLedger(t *testing.T) {
	r := fixture.Healthy()
	r.Source.Gaps = []report.Gap{{From: 20 * time.Second, To: 21 * time.Second}, {From: 30 * time.Second, To: 34 * time.Second, Revived: true}}
	r.Source.Since = 700 * time.Millisecond
	page := string(asHTML(t, r))
	for _, want := range []string{
		"p99 sampling delay 12ms", "700ms before the run&#39;s end", "0.28% of one core",
		"4.7s of processor time, up to 48.0 MiB resident, load generator",
		"<caption>Times without samples", `<td class="n" align="right">00:20</td><td class="n" align="right">1s</td><td>no sample</td>`, "two series</td>",
		"<td>kernel, reset at the phase&#39;s start</td>", "<td>sampled</td>", "<caption>The target's processes at the end of each phase",
	} {
		assert.Contains(t, page, want)
	}
	rows, looked := phaseRows(r)
	assert.True(t, looked)
	assert.Equal(t, "2", rows[1].Processes)
	assert.NotEqual(t, rows[1].RSS, rows[1].PSS)
	said := string(asText(t, r))
	assert.Contains(t, said, "peak usage "+rows[1].Peak+" (exact, in the load phase)")
	assert.Contains(t, said, "source  cgroup v2 files, 10.0 Hz, jitter 12ms, no gap, sampling took 0.28% of one core")
	var b strings.Builder
	assert.NoError(t, Markdown(&b, r))
	assert.Contains(t, b.String(), "Measured: cgroup v2 files, 10.0 Hz")
}

// A record without these figures, as one of an earlier version, shows none of them.
func TestPageWithoutALedger(t *testing.T) {
	r := fixture.Healthy()
	r.Source = report.Source{Kind: "cgroup v2 files", Every: 100 * time.Millisecond, Achieved: 10}
	r.Processes = nil
	for i := range r.Phases {
		r.Phases[i].PeakUsage, r.Phases[i].PeakFrom = 0, ""
	}
	page := string(asHTML(t, r))
	for _, not := range []string{"jitter", "of processor time", "of one core", "The target's processes", "Times without samples"} {
		assert.NotContains(t, page, not)
	}
	assert.Contains(t, page, "<td>not measured</td>")
	assert.NotContains(t, string(asText(t, r)), "peak usage")
}

func TestManyGapsAreCut(t *testing.T) {
	r := &report.Record{Source: report.Source{Gaps: make([]report.Gap, mostGaps+3)}}
	rows, more := gapRows(r)
	assert.Len(t, rows, mostGaps)
	assert.Equal(t, 3, more)
}

func TestFormsTellSinceWhenItGrows(t *testing.T) {
	r := fixture.Leaking()
	r.Trend.Onset = leak.Onset{At: 40 * time.Second, PerRequest: profile.Estimate{Value: 3100, Lo: 3000, Hi: 3200, Points: 10}}
	assert.Contains(t, string(asText(t, r)), "; from 00:40 on it grows by 3100 B with each request\n")
	assert.Contains(t, string(asHTML(t, r)), "<dt>from 00:40 on</dt><dd>&#43;3,100 B/request</dd>")
}
