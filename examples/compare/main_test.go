package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/store"
	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
)

// saved are n records of runs around so many MiB, as files.
func saved(t *testing.T, n int, mib float64, change func(*report.Record)) (files []string) {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		ws := uint64((mib + 0.1*float64(i)) * (1 << 20))
		r := &report.Record{
			Schema: report.Schema, Name: "shop", Started: time.Now(),
			Phases:  []report.Phase{{Name: report.Load, To: 5 * time.Second}},
			Load:    load.Summary{Requests: 1000, Rate: 200, Success: 1, Latency: load.Latency{P99: time.Millisecond}},
			Samples: profile.Series{{Memory: profile.Memory{WorkingSet: ws}}, {At: time.Second, Memory: profile.Memory{WorkingSet: ws}}},
		}
		if change != nil {
			change(r)
		}
		name := fmt.Sprintf("%d.json", i)
		require.NoError(t, store.WriteForm(dir, name, r.JSON))
		files = append(files, filepath.Join(dir, name))
	}
	return files
}

func compared(old, newer []string, flags ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	args := append(append(append(flags, old...), "--"), newer...)
	return run(args, &out, &errs), out.String(), errs.String()
}

func TestExitCodes(t *testing.T) {
	old := saved(t, 5, 40, nil)
	died := func(r *report.Record) {
		r.Notes = []report.Finding{{Kind: report.OOMKilled, Summary: "it was OOM-killed", Fatal: true}}
	}
	judged := func(r *report.Record) {
		r.Checks = []report.Check{{Judge: report.NotWorse, Metric: report.PeakWorkingSet, Outcome: report.Failed, Got: "long ago"}}
	}
	for name, tc := range map[string]struct {
		new   []string
		flags []string
		code  int
		want  string
	}{
		"the same":            {saved(t, 5, 40, nil), nil, notWorse, ""},
		"less":                {saved(t, 5, 20, nil), nil, notWorse, ""},
		"more":                {saved(t, 5, 46, nil), nil, worse, "✗ peak working set     40.2 MiB → 46.2 MiB, +6.0 MiB (+14.9%), 95% CI +5.7 MiB … +6.3 MiB, p=0.008 n=5+5"},
		"more is allowed":     {saved(t, 5, 46, nil), []string{"-relative", "0.2"}, notWorse, ""},
		"more MiB is allowed": {saved(t, 5, 46, nil), []string{"-absolute", "8MiB"}, notWorse, ""},
		"judged long ago":     {saved(t, 5, 40, judged), nil, notWorse, ""},
		"too few":             {saved(t, 3, 90, nil), nil, unusable, "give Pair at least 5 trials"},
		"one run, and it may": {saved(t, 1, 90, func(r *report.Record) { r.AllowInconclusive = true }), nil, unusable, "give Pair at least 5 trials"},
		"one run five times":  {slices.Repeat(saved(t, 1, 90, nil), 5), nil, unusable, "0.json are of one and the same run: give each run once"},
		"old as new":          {old, nil, unusable, "are of one and the same run"},
		"zero":                {saved(t, 5, 40, nil), []string{"-relative", "0"}, unusable, "a tolerance is 0"},
		"dead":                {saved(t, 5, 40, died), nil, unusable, "trial 1 after is unusable: it was OOM-killed"},
		"bad tolerance":       {saved(t, 5, 40, nil), []string{"-relative", "-1"}, unusable, "tolerance: Relative is -1: set a positive number"},
		"bad flag":            {saved(t, 5, 40, nil), []string{"-nosuch"}, unusable, usage},
		"bad page":            {saved(t, 5, 40, nil), []string{"-html", "/proc/nowhere/x.html"}, unusable, "write report x.html"},
		"nothing new":         {nil, nil, unusable, usage},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := compared(old, tc.new, tc.flags...)
			assert.Equal(t, tc.code, code, stderr)
			assert.Contains(t, stderr, tc.want)
		})
	}
}

func TestForms(t *testing.T) {
	old, newer := saved(t, 5, 40, nil), saved(t, 5, 46, nil)
	page := filepath.Join(t.TempDir(), "page.html")
	_, text, _ := compared(old, newer, "-html", page)
	assert.Contains(t, text, "shop: worse: Peak working set went from 40.2 MiB to 46.2 MiB")
	html, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Contains(t, string(html), "<title>worse: shop</title>")
	_, text, _ = compared(old, newer, "-markdown")
	assert.Contains(t, text, "### ❌ shop: worse")
	_, text, _ = compared(newer, old)
	assert.Contains(t, text, "shop: better: Peak working set went from 46.2 MiB to 40.2 MiB")
}

// TestUnusableFiles: each is an error that names the file and ends with the remedy.
func TestUnusableFiles(t *testing.T) {
	old := saved(t, 5, 40, nil)
	whole, err := os.ReadFile(old[0])
	require.NoError(t, err)
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"cut.json": whole[:len(whole)/2], "empty.json": nil, "text.json": []byte("hello"), "html.json": []byte("<html><script>alert(1)</script>"),
		"deep.json": bytes.Repeat([]byte("["), 1<<20), "bits.json": bytes.Repeat([]byte{0xff}, 4096), "other.json": []byte(`{"schema":99}`),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	for _, name := range []string{"cut.json", "empty.json", "text.json", "html.json", "deep.json", "bits.json", "other.json", "missing.json", os.DevNull, "."} {
		file := filepath.Join(dir, name)
		if name == os.DevNull {
			file = name // as endless as any device: it is not read
		}
		code, stdout, stderr := compared(old, []string{file})
		assert.Equal(t, unusable, code, name)
		assert.Empty(t, stdout, name)
		assert.Contains(t, stderr, "compare: "+file+": ", name)
		assert.Contains(t, stderr, ": give the .json that memtest wrote for a run", name)
	}
	code, _, stderr := compared(make([]string, 201), old)
	assert.Equal(t, unusable, code)
	assert.Contains(t, stderr, "201 files of one side are more than 200")
}
