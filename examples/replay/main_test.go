package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
)

// trace is a recording of a target that leaks so many bytes with each request.
func trace(t *testing.T, name string, perRequest int) string {
	t.Helper()
	var text strings.Builder
	text.WriteString("t_ms,usage,inactive_file,active_file,rss,reqs,forced_gc_heap\n")
	for i := range 300 {
		size := 20<<20 + i*20*perRequest
		probe := ""
		if i%10 == 9 {
			probe = fmt.Sprint(size/2 + i%3*1000)
		}
		fmt.Fprintf(&text, "%d,%d,0,0,%d,%d,%s\n", i*100, size, size, i*20, probe)
	}
	return write(t, name, text.String())
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// replayed is the lines that replay prints, each as a map.
func replayed(t *testing.T, wantCode int, args ...string) (lines []map[string]any, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	require.Equal(t, wantCode, run(args, &out, &errs), errs.String())
	for d := json.NewDecoder(&out); d.More(); {
		var line map[string]any
		require.NoError(t, d.Decode(&line))
		lines = append(lines, line)
	}
	return lines, errs.String()
}

func TestTraces(t *testing.T) {
	leak, flat := trace(t, "leak.csv", 2048), trace(t, "flat.csv", 0)
	lines, _ := replayed(t, 0, leak, flat)
	require.Len(t, lines, 2)

	assert.Equal(t, leak, lines[0]["file"])
	assert.Equal(t, "leaking", lines[0]["verdict"])
	assert.Equal(t, "live heap", lines[0]["channel"])
	assert.InEpsilon(t, 1024, lines[0]["bytes_per_request"], 0.02)
	assert.Less(t, lines[0]["lo"], lines[0]["hi"])
	assert.Nil(t, lines[0]["bound"])
	assert.Equal(t, "leak", lines[0]["shape"])

	assert.Equal(t, "steady", lines[1]["verdict"])
	assert.Positive(t, lines[1]["bound"])
	assert.Equal(t, "flat", lines[1]["shape"])
	assert.NotContains(t, lines[1], "forecast")
	assert.Len(t, lines[1], 10)
}

func TestForecast(t *testing.T) {
	leak, flat := trace(t, "leak.csv", 2048), trace(t, "flat.csv", 0)
	lines, _ := replayed(t, 0, "-limit", "64MiB", "-rate", "100", leak, flat)
	f := lines[0]["forecast"].(map[string]any)
	// 64 MiB less the 31.1 at the end, at twice (GOGC) 1 KiB with each of 100 requests per second.
	assert.InEpsilon(t, 168, f["seconds"], 0.03)
	assert.Less(t, f["earliest"], f["latest"])
	assert.Equal(t, true, lines[1]["forecast"].(map[string]any)["never"])
}

func TestRecord(t *testing.T) {
	var r report.Record
	r.Phases = []report.Phase{{Name: report.Load, To: 30 * time.Second}}
	for i := range 300 {
		r.Samples = append(r.Samples, profile.Sample{At: time.Duration(i) * 100 * time.Millisecond, Requests: uint64(i * 20),
			Memory: profile.Memory{Usage: 20 << 20, WorkingSet: 20 << 20}})
	}
	var text bytes.Buffer
	require.NoError(t, r.JSON(&text))
	lines, _ := replayed(t, 0, write(t, "run.json", text.String()))
	require.Len(t, lines, 1)
	assert.Equal(t, "steady", lines[0]["verdict"])
	assert.Equal(t, "working set", lines[0]["channel"])
}

func TestUnusableFiles(t *testing.T) {
	good := trace(t, "flat.csv", 0)
	lines, stderr := replayed(t, 2, "no-such-file.csv", good, write(t, "bad.json", "{"), write(t, "empty.csv", ""))
	require.Len(t, lines, 1, "the others are printed still")
	assert.Equal(t, good, lines[0]["file"])
	for _, name := range []string{"no-such-file.csv", "bad.json", "empty.csv"} {
		assert.Contains(t, stderr, name)
	}
}

func TestWrongCommandLine(t *testing.T) {
	for _, args := range [][]string{{}, {"-limit", "much", "x.csv"}, {"-rate", "-1", "x.csv"}, {"-what"}} {
		_, stderr := replayed(t, 2, args...)
		assert.NotEmpty(t, stderr, "%v", args)
	}
}
