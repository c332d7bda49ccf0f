package baseline_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/baseline"
	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// trial is a run that took that many MiB.
func trial(mib float64) *report.Record {
	bytes := uint64(mib * (1 << 20))
	sample := func(at time.Duration) profile.Sample {
		return profile.Sample{At: at, Memory: profile.Memory{WorkingSet: bytes}}
	}
	return &report.Record{
		Schema: report.Schema, Name: "orders", Started: time.Date(2026, 11, 22, 20, 15, 3, 5, time.UTC),
		Test: report.Test{Name: "TestOrders", Package: "example.com/shop"},
		Env: report.Env{
			CPU: "2 × AMD EPYC 7B13 64-Core Processor", Kernel: "6.18.5-cloud", Cgroup: "v2", THP: "madvise",
			Engine: "docker 28.2.2", OS: "linux/amd64", Limit: 128 << 20, GitCommit: "220507cab123+",
		},
		Phases: []report.Phase{
			{Name: report.Load, To: 10 * time.Second}, {Name: report.Final, From: 11 * time.Second, To: 12 * time.Second},
		},
		Samples:   profile.Series{sample(time.Second), sample(9 * time.Second), sample(12 * time.Second)},
		LiveHeaps: []profile.LiveHeap{{At: 12 * time.Second, HeapAlloc: bytes / 2}},
		Load:      load.Summary{Requests: 12000, Rate: 200, Latency: load.Latency{P99: 9380 * time.Microsecond}},
		Trend:     leak.Trend{PerRequest: profile.Estimate{Value: -0.25, Points: 10}},
	}
}

func file(t testing.TB) *baseline.File {
	t.Helper()
	f, err := baseline.Of([]*report.Record{trial(31.5), trial(30.5), trial(31), trial(31.25), trial(30.75)})
	require.NoError(t, err)
	day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	f.History = []baseline.Change{
		{When: day, Metric: "peak-B", From: 33 << 20, To: 30 << 20, Why: baseline.Tightened},
		{When: day.AddDate(0, 0, 2), Commit: "220507cab123", Metric: "peak-B", From: 30 << 20, To: 31 << 20, Why: baseline.Accepted},
	}
	f.Figure("peak-B").Noise = 0.4 * (1 << 20)
	f.Figure("p99-sec").Noise = 0.0021
	return f
}

var update = flag.Bool("update", false, "write what is produced over testdata/orders.memtest")

func TestFileReadsLikeThis(t *testing.T) {
	if *update {
		require.NoError(t, os.WriteFile("testdata/orders.memtest", file(t).Bytes(), 0o644))
	}
	golden, err := os.ReadFile("testdata/orders.memtest")
	require.NoError(t, err)
	assert.Equal(t, string(golden), string(file(t).Bytes()))
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	want := file(t)
	got, err := baseline.Parse("orders", want.Bytes())
	require.NoError(t, err)
	assert.Equal(t, want.Values(), got.Values())
	assert.Equal(t, want.Class, got.Class)
	assert.Equal(t, want.History, got.History)
	assert.Equal(t, time.Date(2026, 11, 22, 20, 15, 3, 0, time.UTC), got.When)
	assert.Equal(t, "220507cab123+", got.Commit)
	assert.InDelta(t, 0.4*(1<<20), got.Noise()["peak-B"], 1024)
	assert.Equal(t, want.Bytes(), got.Bytes(), "the same file gives the same bytes")

	crlf := bytes.ReplaceAll(want.Bytes(), []byte("\n"), []byte("\r\n"))
	windows, err := baseline.Parse("orders", crlf)
	require.NoError(t, err, "git may have changed the ends of lines")
	assert.Equal(t, got, windows)
}

// TestWhatIsNotKnownOfAHost: figures and host of a run that nobody knows much of.
func TestWhatIsNotKnownOfAHost(t *testing.T) {
	r := trial(30)
	r.Env, r.Trend, r.LiveHeaps, r.Test = report.Env{}, leak.Trend{}, nil, report.Test{}
	f, err := baseline.Of([]*report.Record{r, r})
	require.NoError(t, err)
	got, err := baseline.Parse("orders", f.Bytes())
	require.NoError(t, err)
	assert.Equal(t, f, got)
	assert.Equal(t, "process", got.Class.Engine)
}

func sameMeaning(t *testing.T, whole, data []byte, what string) {
	t.Helper()
	f, err := baseline.Parse("orders", data)
	if err == nil {
		require.Equal(t, string(whole), string(f.Bytes()), "%s was read as another file", what)
		return
	}
	require.Regexp(t, `^read baseline orders: line \d+: .+: restore the file from git, or delete it and record anew with MEMTEST_UPDATE=1$`, err.Error(), what)
}

func TestCutAnywhere(t *testing.T) {
	whole := file(t).Bytes()
	for n := range whole {
		sameMeaning(t, whole, whole[:n], fmt.Sprintf("cut after %d bytes", n))
	}
	for n := range len(whole) - 1 {
		_, err := baseline.Parse("orders", whole[:n])
		require.Error(t, err, "cut after %d bytes", n)
	}
}

func TestAnyBitFlipped(t *testing.T) {
	whole := file(t).Bytes()
	for i := range whole {
		for bit := range 8 {
			data := bytes.Clone(whole)
			data[i] ^= 1 << bit
			sameMeaning(t, whole, data, fmt.Sprintf("bit %d of byte %d", bit, i))
		}
	}
}

func FuzzParse(f *testing.F) {
	whole := file(f).Bytes()
	f.Add(whole)
	f.Add(bytes.ReplaceAll(whole, []byte("\n"), []byte("\r\n")))
	f.Add([]byte("# memtest-baseline: 1\n"))
	f.Add([]byte("<<<<<<< HEAD\n"))
	f.Add(bytes.Replace(whole, []byte("31981568"), []byte("NaN"), 1))
	above, _, _ := bytes.Cut(whole, []byte("# checksum: "))
	f.Add(above)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, data := range [][]byte{data, baseline.Seal(bytes.Clone(data))} { // also as one who knows the format could write it
			got, err := baseline.Parse("orders", data)
			if err != nil {
				assert.Regexp(t, `line \d+: `, err.Error())
				continue
			}
			plain := bytes.TrimSuffix(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), []byte("\n"))
			assert.Equal(t, string(plain), strings.TrimSuffix(string(got.Bytes()), "\n"), "what is read is what was written")
			assert.NotEmpty(t, got.Requests)
		}
	})
}

// resealed is a file with a right checksum over what change made of it, as one who knows
// the format could write it.
func resealed(t *testing.T, change func(string) string) []byte {
	t.Helper()
	above, _, ok := strings.Cut(string(file(t).Bytes()), "# checksum: ")
	require.True(t, ok)
	return baseline.Seal([]byte(change(above)))
}

func TestWhatCannotBeABaseline(t *testing.T) {
	replace := func(old, with string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, with, 1) }
	}
	const trialLine = "BenchmarkOrders/orders 12000 "
	for name, tc := range map[string]struct {
		change func(string) string
		want   string
	}{
		"newer version":        {replace("baseline: 1", "baseline: 2"), "line 1: version 2 of the format, and this memgate knows version 1: update memgate"},
		"no version":           {replace("# memtest-baseline: 1\n", ""), `line 1: not a baseline: it begins with "# recorded`},
		"empty":                {func(string) string { return "" }, "line 1: not a baseline"},
		"merge conflict":       {replace("# thp: madvise", "<<<<<<< HEAD\n# thp: madvise\n=======\n# thp: always\n>>>>>>> feature"), "line 5: merge conflict (<<<<<<<)"},
		"rest of a conflict":   {replace("# thp: madvise", "# thp: madvise\n>>>>>>> feature"), "line 6: merge conflict (>>>>>>>)"},
		"base of a conflict":   {replace("# thp: madvise", "||||||| 220507c\n# thp: madvise"), "line 5: merge conflict"},
		"two checksums":        {func(s string) string { return string(baseline.Seal([]byte(s))) }, "there is more after the checksum (line 3"},
		"not a number":         {replace("33030144 peak-B", "NaN peak-B"), "line 19: peak-B cannot be NaN"},
		"infinite":             {replace("33030144 peak-B", "+Inf peak-B"), "line 19: peak-B cannot be +Inf"},
		"huge":                 {replace("33030144 peak-B", "1e300 peak-B"), "line 19: peak-B cannot be 1e+300"},
		"negative":             {replace("33030144 peak-B", "-33030144 peak-B"), "line 19: peak-B cannot be -3.3030144e+07"},
		"no number":            {replace("33030144 peak-B", "many peak-B"), "line 19: parsing measurement: invalid syntax"},
		"unit twice in a line": {replace("33030144 peak-B", "33030144 peak-B 33030144 peak-B"), "line 19: peak-B is there twice"},
		"unit line twice":      {replace("Unit peak-B better=lower\n", "Unit peak-B better=lower\nUnit peak-B better=lower\n"), `line 14: "Unit peak-B better=lower" does not belong there`},
		"unit both ways":       {replace("Unit peak-B better=lower\n", "Unit peak-B better=lower\nUnit peak-B better=higher\n"), "line 14: metadata better of unit peak-B already set to lower"},
		"unknown unit":         {replace("Unit peak-B", "Unit peak-KB"), `line 13: no figure has the unit "peak-KB": it is one of [growth-B/req peak-B`},
		"scaled unit":          {replace("33030144 peak-B", "33 peak-MB"), "line 19: the unit of"},
		"undeclared unit":      {replace("Unit peak-B better=lower\n", ""), "is not among the Unit lines above"},
		"which is better?":     {replace("Unit peak-B better=lower", "Unit peak-B better=green"), "line 13: unit peak-B has better=green"},
		"no trials":            {func(s string) string { return strings.ReplaceAll(s, trialLine, "# ") }, "no trials"},
		"two tests":            {replace(trialLine, "BenchmarkCarts 12000 "), "a trial of Orders/orders among those of Carts"},
		"a figure of no trial": {func(s string) string { return strings.ReplaceAll(s, " 200 req/sec", "") }, "no trial has the figure req/sec"},
		"other words":          {replace("# thp", "hello\n# thp"), `line 5: "hello" does not belong there`},
		"config twice":         {replace("goos: linux\n", "goos: linux\ngoos: linux\n"), `line 9: "goos: linux" does not belong there`},
		"no config":            {replace("# thp: madvise\n", ""), `line 5: "# engine: docker" does not belong there`},
		"time":                 {replace("2026-11-22T20:15:03Z", "yesterday"), `line 2: "yesterday" is no time`},
		"limit":                {replace("# limit: 134217728", "# limit: many"), `line 7: memory limit "many" is not a number`},
		"limit in words":       {replace("(128.0 MiB)", "(64.0 MiB)"), `line 7: "# limit: 134217728 (64.0 MiB)" does not belong there`},
		"noise of nothing":     {replace("# noise: peak-B", "# noise: depth-B"), "is no noise of a figure above"},
		"noise of 0":           {replace("# noise: peak-B 0.400", "# noise: peak-B 0.000"), `noise "peak-B 0.000 MiB" is not more than 0`},
		"noise in KiB":         {replace("# noise: peak-B 0.400 MiB", "# noise: peak-B 400 KiB"), "is not more than 0"},
		"median":               {replace("# median: peak-B 31.000", "# median: peak-B 41.000"), `"# median: peak-B 41.000 MiB of 5" does not belong there`},
		"change of a day":      {replace("# change: 2026-11-20", "# change: today"), `"today" is no day`},
		"change for no reason": {replace("+3.3% accepted", "+3.3% because"), "a change is accepted or tightened"},
		"change cut":           {replace(" +3.3% accepted", ""), "is no change such as"},
		"change reckoned":      {replace("+3.3% accepted", "+0.3% accepted"), "does not belong there"},
		"control characters":   {replace("linux", "li\x00nux"), "line 8: not text"},
		"not UTF-8":            {replace("linux", "li\xffnux"), "line 8: not text"},
		"too many trials":      {replace(trialLine, strings.Repeat("BenchmarkOrders/orders 1 1 peak-B\n", 1001)+trialLine), "line 1019: more than 1000 trials"},
		"too large":            {func(s string) string { return s + strings.Repeat("# \n", 400_000) }, "line 1: 1201"},
		"a very long line":     {replace("# thp: madvise", "# thp: madvise"+strings.Repeat("e", 100_000)), "line 5: 100014 bytes, a line has 10000 at most"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := baseline.Parse("orders", resealed(t, tc.change))
			require.Error(t, err)
			assert.Nil(t, f)
			assert.ErrorContains(t, err, tc.want)
			assert.ErrorContains(t, err, "restore the file from git, or delete it and record anew with MEMTEST_UPDATE=1")
		})
	}
}

func TestChangedByHand(t *testing.T) {
	data := bytes.Replace(file(t).Bytes(), []byte("# thp: madvise"), []byte("# thp: always"), 1)
	_, err := baseline.Parse("orders", data)
	assert.ErrorContains(t, err, "the checksum is not that of the lines above: they were changed by hand or by accident")
}

func TestTrialsThatMakeNoBaseline(t *testing.T) {
	other := trial(30)
	other.Env.Kernel = "6.1.0"
	renamed := trial(30)
	renamed.Test.Name = "TestCarts"
	for name, tc := range map[string]struct {
		trials []*report.Record
		want   string
	}{
		"none":      {nil, "no trials: run the scenario with memtest.Trials"},
		"two hosts": {[]*report.Record{trial(30), other}, "trial 2 is of another host than the first (kernel 6.1 instead of 6.18)"},
		"two tests": {[]*report.Record{trial(30), renamed}, "trial 2: line 12: a trial of Carts/orders among those of Orders/orders"},
		"dead":      {[]*report.Record{trial(30), {Name: "orders", Env: trial(1).Env}}, "trial 2 measured nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := baseline.Of(tc.trials)
			assert.ErrorContains(t, err, tc.want)
		})
	}
}
