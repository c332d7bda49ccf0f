package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/memgate/memgate/profile/leak"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func textOfForm(t testing.TB, form func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, form(&b))
	return b.String()
}

func TestFormsGolden(t *testing.T) {
	for name, run := range stories {
		t.Run(name, func(t *testing.T) {
			r := run()
			golden(t, name+".md", []byte(textOfForm(t, r.Markdown)))
			golden(t, name+".bench.txt", []byte(textOfForm(t, r.Bench)))
			golden(t, name+".prom", []byte(textOfForm(t, r.OpenMetrics)))
			golden(t, name+".annotations.txt", []byte(textOfForm(t, r.Annotations)))
		})
	}
}

// TestCSVIsATrace: what is written is read back, and judged the same.
func TestCSVIsATrace(t *testing.T) {
	r := leakingRun()
	e, err := leak.ReadTrace(strings.NewReader(textOfForm(t, r.CSV)))
	require.NoError(t, err)
	want := r.Evidence()
	require.Len(t, e.Samples, len(want.Samples)+len(want.Floors), "a row for each")
	require.Len(t, e.Floors, len(want.Floors))
	for i, f := range e.Floors {
		assert.Equal(t, want.Floors[i].Live(), f.HeapAlloc)
		assert.Equal(t, want.Floors[i].HeapObjects, f.HeapObjects)
	}
	e.Planned = want.Planned
	assert.Zero(t, e.Samples[0].Requests, "requests of the warm-up do not count")
	assert.Less(t, e.Samples[0].At, 200*time.Millisecond)
	again, first := leak.Detect(e), leak.Detect(want)
	assert.Equal(t, first.Verdict, again.Verdict)
	assert.Equal(t, leak.Leaking, again.Verdict)
	assert.InDelta(t, first.PerRequest.Value, again.PerRequest.Value, 0.02*first.PerRequest.Value)

	for name, run := range stories {
		rows, err := csv.NewReader(strings.NewReader(textOfForm(t, run().CSV))).ReadAll()
		require.NoError(t, err, name)
		assert.Equal(t, csvColumns, rows[0])
	}
}

// TestCSVHoldsNumbersOnly: a spreadsheet runs cells that begin with = + - or @.
func TestCSVHoldsNumbersOnly(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(textOfForm(t, hostileRun().CSV))).ReadAll()
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

func TestMarkdownOfHostileText(t *testing.T) {
	r := hostileRun()
	r.Name = "a|b\n# title <b> @team [x](javascript:y) www.x.y ![i](z) `c` " + r.Name
	text := textOfForm(t, r.Markdown)
	for _, bad := range []string{"<img", "<b>", "@team", "](", "www.", "http://", "\n# ", "`", "\u202e", "\x00"} {
		assert.NotContains(t, text, bad)
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| ✓") || strings.HasPrefix(line, "| ✗") {
			assert.Equal(t, 6, strings.Count(line, "|"), line)
		}
	}
}

func TestAnnotationsOfHostileText(t *testing.T) {
	r := hostileRun()
	for i := range r.Checks {
		r.Checks[i].OK, r.Checks[i].Detail = false, "first\n::set-output name=x::y\r\n::error::z"
		r.Checks[i].File = "a,line=1::b\n::stop"
	}
	text := textOfForm(t, r.Annotations)
	for line := range strings.Lines(text) {
		assert.True(t, strings.HasPrefix(line, "::error "), line)
	}
	assert.Contains(t, text, "file=a%2Cline=1%3A%3Ab␊%3A%3Astop,line=")
	assert.Contains(t, text, "::first%0A::set-output")
}

func TestMetricsOfHostileText(t *testing.T) {
	r := hostileRun()
	r.Name = "a\"b\\c\nd" + r.Name
	text := textOfForm(t, r.OpenMetrics)
	assert.Contains(t, text, `{name="a\"b\\c\nd`)
	for line := range strings.Lines(text) {
		assert.Regexp(t, `^(# (HELP|TYPE) (container|memgate)_|# EOF\n|(container|memgate)_[a-z0-9_]+\{name=")`, line)
	}
	bench := textOfForm(t, r.Bench)
	assert.Equal(t, 1, strings.Count(bench, "\nBenchmark"))
	assert.False(t, strings.ContainsFunc(bench, invisible))
}

func TestAttributesAreLines(t *testing.T) {
	for _, a := range hostileRun().Attributes() {
		assert.NotContains(t, a[0], " ")
		assert.NotContains(t, a[0]+a[1], "\n", "testing fails a test for it")
	}
	assert.Contains(t, leakingRun().Attributes(), [2]string{"memgate.verdict", "failed"})
	assert.Contains(t, leakingRun().Attributes(), [2]string{"memgate.growth-B/req", "1890"})
}

// TestStockToolsReadTheForms runs promtool and benchstat, where they are in the path.
func TestStockToolsReadTheForms(t *testing.T) {
	r := leakingRun()
	t.Run("promtool", func(t *testing.T) {
		path, err := exec.LookPath("promtool")
		if err != nil {
			t.Skip("no promtool in the path")
		}
		for name, run := range stories {
			check := exec.CommandContext(t.Context(), path, "check", "metrics")
			check.Stdin = strings.NewReader(textOfForm(t, run().OpenMetrics))
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
			before += textOfForm(t, r.Bench)
			better := leakingRun()
			better.Trend.PerRequest.Value = 30 + float64(i)/10
			better.Env.GitCommit, better.Env.Image = "other", "other"
			after += textOfForm(t, better.Bench)
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
	made, err := schemaOfRecord()
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile("record.schema.json", append(made, '\n'), 0o644))
	} else {
		require.Equal(t, string(made)+"\n", JSONSchema, "run go test -update, and look at what changed")
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
	for name, run := range stories {
		assert.NoError(t, valid(asJSON(t, run())), name)
	}
	assert.NoError(t, valid(asJSON(t, everyField(t))))
	assert.NoError(t, valid(asJSON(t, hostileRun())))
	for _, wrong := range []string{`"schema":2`, `"name":7`, `"samples":[]`, `"phases":[{"from_ns":"soon"}]`, `"trend":{"verdict":"fine"}`} {
		key, _, _ := strings.Cut(wrong, ":")
		var whole map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(asJSON(t, leakingRun()), &whole))
		var part map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte("{"+wrong+"}"), &part))
		whole[strings.Trim(key, `"`)] = part[strings.Trim(key, `"`)]
		data, err := json.Marshal(whole)
		require.NoError(t, err)
		assert.Error(t, valid(data), wrong)
	}
}
