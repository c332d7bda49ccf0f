package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/fixture"
	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
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
	assert.Equal(t, leak.LiveHeap, held.Trend.Signal)
	require.Len(t, held.Retainers, 1)
	assert.Len(t, held.Retainers[0].Retains, 2)
	assert.Len(t, held.Retainers[0].AlsoRetainedBy, 1)
	assert.Len(t, held.Sites, 5)
	assert.Len(t, held.LiveHeaps, 8)
	assert.Len(t, held.HeapProfiles, 3)
	assert.Equal(t, report.Final, held.Phases[3].Name)
	assert.Equal(t, report.Final, held.Processes[3].Phase)
}

// TestSchema1KnewGoAlone: what older records say of the runtime was Go's, and its words are.
func TestSchema1KnewGoAlone(t *testing.T) {
	runtime := readOld(t, "killed").Env.Runtime
	assert.Equal(t, profile.RuntimeInfo{Version: "go1.26.8", Settings: "GOGC=100"}, runtime)
	assert.Equal(t, "Go heap", runtime.OrGo().Heap)
	assert.Empty(t, readOld(t, "empty").Env.Runtime)
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

// TestSchema1KeepsTheWholeName: a name may hold what ends a clause. Schema 1 wrote the finding
// as one text, with the name in Go's quotes.
func TestSchema1KeepsTheWholeName(t *testing.T) {
	data, err := os.ReadFile("testdata/schema1/killed.json")
	require.NoError(t, err)
	for _, name := range []string{"shop (v2)", "GOGC=50; cgo", `a "b" (c); d`} {
		quoted, err := json.Marshal(strconv.Quote(name))
		require.NoError(t, err)
		old := bytes.ReplaceAll(data, []byte(`\"TestUpload\"`), quoted[1:len(quoted)-1])
		r, err := report.Read(bytes.NewReader(old))
		require.NoError(t, err)
		last := r.Notes[len(r.Notes)-1]
		assert.Equal(t, strconv.Quote(name)+" was OOM-killed at 00:53 in the load phase after 10,600 requests", last.Summary)
		assert.Equal(t, fixture.Killed().Notes[0].Text(), strings.Replace(last.Text(), strconv.Quote(name), `"TestUpload"`, 1))
	}
}

// TestSchema1MeansTheSame: of these files the last version of schema 1 said that (f4c8c47).
func TestSchema1MeansTheSame(t *testing.T) {
	for name, want := range map[string]struct {
		headline string
		figures  []report.Figure
	}{
		"killed": {`"TestUpload" was OOM-killed at 00:53 in the load phase after 10,600 requests`, []report.Figure{
			{Metric: report.PeakWorkingSet, Value: 132120576}, {Metric: report.AverageWorkingSet, Value: 132120576.00000003},
			{Metric: report.LiveHeap, Value: 133739921}, {Metric: report.P99Latency, Value: 0.00938}, {Metric: report.RequestRate, Value: 200},
		}},
		"held": {"the live heap grows by 1,890 B with each request, +21.6 MiB/min", []report.Figure{
			{Metric: report.GrowthPerRequest, Value: 1890}, {Metric: report.PeakWorkingSet, Value: 97464320}, {Metric: report.SettledWorkingSet, Value: 83161088},
			{Metric: report.LiveHeap, Value: 65297755}, {Metric: report.P99Latency, Value: 0.00938}, {Metric: report.RequestRate, Value: 200},
		}},
		"empty": {`"TestNothing" exited with code 2 at 00:00, before it was ready: its last log lines may say why`, nil},
		"every": {"text 597", []report.Figure{
			{Metric: report.GrowthPerRequest, Value: 503.1}, {Metric: report.PeakWorkingSet, Value: 158}, {Metric: report.LiveHeap, Value: 428},
			{Metric: report.P99Latency, Value: 8.3e-08}, {Metric: report.RequestRate, Value: 73.1},
		}},
	} {
		r := readOld(t, name)
		assert.Equal(t, report.Failed, r.Outcome(), name)
		assert.Equal(t, want.headline, tell.Headline(r), name)
		assert.Equal(t, want.figures, r.Figures(), name)
	}
}
