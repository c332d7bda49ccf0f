package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/fixture"
	"github.com/memgate/memgate/internal/golden"
	"github.com/memgate/memgate/internal/text"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// TestCSVIsATrace: what is written is read back, and judged the same.
func TestCSVIsATrace(t *testing.T) {
	r := fixture.Leaking()
	e, err := leak.ReadTrace(strings.NewReader(golden.Written(t, r.CSV)))
	require.NoError(t, err)
	want := r.Evidence()
	require.Len(t, e.Samples, len(want.Samples)+len(want.LiveHeaps), "a row for each")
	require.Len(t, e.LiveHeaps, len(want.LiveHeaps))
	for i, f := range e.LiveHeaps {
		assert.Equal(t, want.LiveHeaps[i].Live(), f.HeapAlloc)
		assert.Equal(t, want.LiveHeaps[i].HeapObjects, f.HeapObjects)
	}
	e.Planned = want.Planned
	assert.Zero(t, e.Samples[0].Requests, "requests of the warm-up do not count")
	assert.Less(t, e.Samples[0].At, 200*time.Millisecond)
	again, first := leak.Detect(e), leak.Detect(want)
	assert.Equal(t, first.Verdict, again.Verdict)
	assert.Equal(t, leak.Leaking, again.Verdict)
	assert.InDelta(t, first.PerRequest.Value, again.PerRequest.Value, 0.02*first.PerRequest.Value)

	for name, run := range fixture.Stories {
		rows, err := csv.NewReader(strings.NewReader(golden.Written(t, run().CSV))).ReadAll()
		require.NoError(t, err, name)
		assert.Equal(t, report.CsvColumns, rows[0])
	}
}

// TestCSVHoldsNumbersOnly: a spreadsheet runs cells that begin with = + - or @.
func TestCSVHoldsNumbersOnly(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(golden.Written(t, fixture.Hostile().CSV))).ReadAll()
	require.NoError(t, err)
	for _, row := range rows[1:] {
		for _, cell := range row {
			if cell != "" {
				_, err := strconv.ParseFloat(cell, 64)
				require.NoError(t, err)
				require.NotContains(t, "=+-@", cell[:1])
			}
		}
	}
}

func TestMetricsOfHostileText(t *testing.T) {
	r := fixture.Hostile()
	r.Name = "a\"b\\c\nd" + r.Name
	written := golden.Written(t, r.OpenMetrics)
	assert.Contains(t, written, `{name="a\"b\\c\nd`)
	for line := range strings.Lines(written) {
		assert.Regexp(t, `^(# (HELP|TYPE) (container|memgate)_|# EOF\n|(container|memgate)_[a-z0-9_]+\{name=")`, line)
	}
	bench := golden.Written(t, r.Bench)
	assert.Equal(t, 1, strings.Count(bench, "\nBenchmark"))
	assert.False(t, strings.ContainsFunc(bench, text.Invisible))
}

// TestStockToolsReadTheForms runs promtool and benchstat, where they are in the path.
func TestStockToolsReadTheForms(t *testing.T) {
	r := fixture.Leaking()
	t.Run("promtool", func(t *testing.T) {
		path, err := exec.LookPath("promtool")
		if err != nil {
			t.Skip("no promtool in the path")
		}
		for name, run := range fixture.Stories {
			check := exec.CommandContext(t.Context(), path, "check", "metrics")
			check.Stdin = strings.NewReader(golden.Written(t, run().OpenMetrics))
			out, err := check.CombinedOutput()
			assert.NoError(t, err, "%s: %s", name, out)
			assert.Empty(t, string(out), name)
		}
	})
	t.Run("benchstat", func(t *testing.T) {
		path, err := exec.LookPath("benchstat")
		if err != nil {
			t.Skip("no benchstat in the path")
		}
		dir := t.TempDir()
		before, after := "", ""
		for i := range 10 {
			before += golden.Written(t, r.Bench)
			better := fixture.Leaking()
			better.Trend.PerRequest.Value = 30 + float64(i)/10
			better.Env.GitCommit, better.Env.Image = "other", "other"
			after += golden.Written(t, better.Bench)
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, "old.txt"), []byte(before), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "new.txt"), []byte(after), 0o600))
		stat := exec.CommandContext(t.Context(), path, "old.txt", "new.txt")
		stat.Dir = dir
		out, err := stat.CombinedOutput()
		require.NoError(t, err, string(out))
		assert.Regexp(t, `Orders +1890\.00 ± 0% +30\.\d+ ± \d+%  -98\.\d+% \(p=0\.000 n=10\)`, string(out))
		assert.Contains(t, string(out), "peak-B")
	})
}

func TestJSONSchemaIsThatOfTheRecord(t *testing.T) {
	made, err := report.SchemaOfRecord()
	require.NoError(t, err)
	if *golden.Update {
		require.NoError(t, os.WriteFile("record.schema.json", append(made, '\n'), 0o644))
	} else {
		require.Equal(t, string(made)+"\n", report.JSONSchema, "run go test -update, and look at what changed")
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(made))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("record.schema.json", parsed))
	schema, err := compiler.Compile("record.schema.json")
	require.NoError(t, err)
	valid := func(data []byte) error {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		require.NoError(t, err)
		return schema.Validate(v)
	}
	for name, run := range fixture.Stories {
		assert.NoError(t, valid(fixture.JSON(t, run())), name)
	}
	assert.NoError(t, valid(fixture.JSON(t, fixture.Full(t))))
	assert.NoError(t, valid(fixture.JSON(t, fixture.Hostile())))
	for _, wrong := range []string{`"schema":1`, `"name":7`, `"samples":[]`, `"phases":[{"from_ns":"soon"}]`, `"trend":{"verdict":"fine"}`} {
		key, _, _ := strings.Cut(wrong, ":")
		var whole map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(fixture.JSON(t, fixture.Leaking()), &whole))
		var part map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte("{"+wrong+"}"), &part))
		whole[strings.Trim(key, `"`)] = part[strings.Trim(key, `"`)]
		data, err := json.Marshal(whole)
		require.NoError(t, err)
		assert.Error(t, valid(data), wrong)
	}
}
