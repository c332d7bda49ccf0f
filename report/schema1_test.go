package report_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/report"
)

// readOld reads a record that the last version of schema 1 wrote.
func readOld(t *testing.T, name string) *report.Record {
	t.Helper()
	f, err := os.Open("testdata/schema1/" + name + ".json")
	require.NoError(t, err)
	defer f.Close()
	r, err := report.Read(f)
	require.NoError(t, err)
	return r
}

func TestSchema1IsRead(t *testing.T) {
	for name, want := range map[string]report.Outcome{
		"killed": report.Failed, "held": report.Failed, "empty": report.Failed, "compared": report.Failed, "every": report.Failed,
	} {
		assert.Equal(t, want, readOld(t, name).Outcome(), name)
	}
	killed := readOld(t, "killed")
	last := killed.Notes[len(killed.Notes)-1]
	assert.Equal(t, `"TestUpload" was OOM-killed at 00:53 in the load phase after 10,600 requests`, last.Summary)
	assert.Contains(t, last.Text(), "(exit code 137; witness: inspect; limit 128.0 MiB")
	assert.Equal(t, report.Inconclusive, killed.Checks[0].Outcome)
	assert.True(t, killed.Checks[1].CutShort)
	assert.Equal(t, report.AverageWorkingSet, killed.Checks[1].Metric)

	held := readOld(t, "held")
	assert.Equal(t, "live heap", held.Trend.Signal)
	require.Len(t, held.Retainers, 1)
	assert.Len(t, held.Retainers[0].Retains, 2)
	assert.Len(t, held.Retainers[0].AlsoRetainedBy, 1)
	assert.Len(t, held.Sites, 5)
	assert.Len(t, held.LiveHeaps, 8)
	assert.Len(t, held.HeapProfiles, 3)
	assert.Equal(t, report.Final, held.Phases[3].Name)
	assert.Equal(t, report.Final, held.Processes[3].Phase)
}

func TestSchema1ChecksBecomeValues(t *testing.T) {
	r := readOld(t, "compared")
	type value struct {
		judge   report.Judge
		metric  report.Metric
		outcome report.Outcome
		better  bool
		reason  string
	}
	var got []value
	for _, c := range r.Checks {
		got = append(got, value{c.Judge, c.Metric, c.Outcome, c.Better, c.Reason})
	}
	assert.Equal(t, []value{
		{report.NoLeak, report.GrowthPerRequest, report.Passed, false, ""},
		{report.Budget, report.PeakWorkingSet, report.Passed, false, ""},
		{report.Budget, report.SettledWorkingSet, report.Passed, false, ""},
		{report.NotWorse, report.PeakWorkingSet, report.Inconclusive, false, "4 and 4 runs cannot tell 6 figures from chance: at least 5 each can"},
		{report.NotWorse, report.AverageWorkingSet, report.Failed, false, ""},
		{report.NotWorse, report.P99Latency, report.Passed, true, ""},
		{report.NoDrift, report.LiveHeap, report.Passed, false, ""},
	}, got)
}

// TestSchema1LosesNothing: a record with no zero in any of its fields has none afterwards,
// but for what schema 1 did not know.
func TestSchema1LosesNothing(t *testing.T) {
	r := readOld(t, "every")
	assert.NotZero(t, r.Trend.Threshold)
	assert.NotZero(t, r.Trend.Signals[0].Threshold)
	assert.NotEmpty(t, r.RetainersWhyNot)
	assert.NotEmpty(t, r.RetainersHow)
	assert.NotEmpty(t, r.GoroutineProfiles)
	assert.NotEmpty(t, r.Sites[0].Retains)
	assert.NotEmpty(t, r.Retainers[0].Retains)
	assert.NotEmpty(t, r.Retainers[0].AlsoRetainedBy)
	assert.NotEmpty(t, r.LiveHeaps)
	assert.NotEmpty(t, r.Notes[0].Summary)
}
