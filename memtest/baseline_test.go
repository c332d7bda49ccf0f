package memtest_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/report"
)

var orders = memtest.Baseline{File: "testdata/orders"}

// inFolder is a test's folder without any baseline, outside CI.
func inFolder(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("CI", "")
	t.Setenv("MEMTEST_UPDATE", "")
	t.Setenv("MEMTEST_REQUIRE_BASELINE", "")
}

// judged is what NoDrift says to these runs.
func judged(now []*report.Record, b memtest.Baseline) (passed bool, f *fakeTest) {
	f = &fakeTest{}
	return memtest.NoDrift(f, now, b), f
}

// recorded makes the baseline of these runs.
func recorded(t *testing.T, now []*report.Record) (text string) {
	t.Helper()
	t.Setenv("MEMTEST_UPDATE", "1")
	passed, f := judged(now, orders)
	t.Setenv("MEMTEST_UPDATE", "")
	require.False(t, passed, "a test that wrote its own answer fails")
	require.Len(t, f.errors, 1)
	require.Contains(t, f.errors[0], "recorded", f.errors)
	return f.errors[0]
}

func onlyBaseline(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob("testdata/orders.*.memtest")
	require.NoError(t, err)
	require.Len(t, found, 1)
	return found[0]
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func TestNoDrift(t *testing.T) {
	inFolder(t)
	passed, f := judged(trials("orders", 5, 40), orders)
	assert.False(t, passed)
	assert.Regexp(t, `^there is no baseline testdata/orders\.process-.*\.memtest yet: record one on this host with MEMTEST_UPDATE=1 and commit it$`, f.errors[0])
	assert.NoDirExists(t, "testdata", "it is not recorded unasked")

	assert.Contains(t, recorded(t, trials("orders", 5, 40)), " recorded: read its diff, commit it, and run again without an update")
	whole := read(t, onlyBaseline(t))

	passed, f = judged(trials("orders", 5, 40.1), orders)
	assert.True(t, passed, f.errors)
	assert.Empty(t, f.logs)

	now := trials("orders", 5, 46)
	now[4].Report = "/tmp/TestOrders.html"
	passed, f = judged(now, orders)
	assert.False(t, passed)
	for _, part := range []string{
		`memory of "Orders" drifted from its baseline`, "✗ peak working set     4", "(+15.1%)", "p=0.008 n=5+5", "allowed +1.2 MiB", "✓ p99 latency",
		"baseline testdata/orders.process-", ", recorded 0001-01-01 at an unknown commit", "report   /tmp/TestOrders.html", "accept it with MEMTEST_UPDATE=1 and commit the file",
	} {
		assert.Contains(t, f.errors[0], part)
	}
	require.Len(t, now[4].Checks, 6)
	assert.Equal(t, "no drift: peak working set", now[4].Checks[1].Rule)
	assert.False(t, now[4].Checks[1].Passed())
	assert.Equal(t, "memtest/baseline_test.go", filepath.ToSlash(filepath.Join("memtest", filepath.Base(now[4].Checks[1].File))))
	assert.Equal(t, whole, read(t, onlyBaseline(t)), "what fails writes nothing")

	checks, err := orders.Check(trials("orders", 5, 30))
	assert.NoError(t, err)
	assert.Len(t, checks, 6)
	assert.Equal(t, whole, read(t, onlyBaseline(t)), "Check writes nothing")
}

// TestUpdateFlag: who has golden files asks for both in one way.
func TestUpdateFlag(t *testing.T) {
	inFolder(t)
	if flag.Lookup("update") == nil {
		flag.Bool("update", false, "as a test with golden files has it")
	}
	require.NoError(t, flag.Set("update", "true"))
	defer func() { _ = flag.Set("update", "false") }()
	passed, f := judged(trials("orders", 5, 40), orders)
	assert.False(t, passed)
	assert.Contains(t, f.errors[0], " recorded: read its diff")
	onlyBaseline(t)
}

func TestNoDriftCannotTell(t *testing.T) {
	inFolder(t)
	recorded(t, trials("orders", 5, 40))
	for name, tc := range map[string]struct {
		now  []*report.Record
		b    memtest.Baseline
		want string
	}{
		"no runs":         {nil, orders, `there are no runs to compare with baseline "testdata/orders": make them with memtest.Trials`},
		"one run":         {trials("orders", 1, 60), orders, "cannot tell whether memory drifted from baseline testdata/orders"},
		"a dead one":      {dead(trials("orders", 5, 40)), orders, `cannot tell whether memory drifted from baseline "testdata/orders": trial 2 now is unusable: "orders" exited`},
		"half the load":   {slow(trials("orders", 5, 40)), orders, "the load was not the same"},
		"another test":    {trials("carts", 5, 40), orders, "is of Orders in , and these are runs of Carts in : give each test a File of its own"},
		"no file":         {trials("orders", 5, 40), memtest.Baseline{}, `baseline file "" is not below the folder of the test`},
		"another folder":  {trials("orders", 5, 40), memtest.Baseline{File: "../orders"}, `baseline file "../orders" is not below the folder of the test`},
		"a bad tolerance": {trials("orders", 5, 40), memtest.Baseline{File: "orders", Tolerance: memtest.Tolerance{Relative: -1}}, `baseline "orders": tolerance: Relative is -1`},
		"other figures":   {blindToHeap(trials("orders", 5, 40)), orders, "live heap after GC: no run after the change has it"},
	} {
		t.Run(name, func(t *testing.T) {
			passed, f := judged(tc.now, tc.b)
			assert.False(t, passed)
			require.Len(t, f.errors, 1)
			assert.Contains(t, f.errors[0], tc.want)
		})
	}
}

func dead(runs []*report.Record) []*report.Record {
	runs[1].Notes = []report.Finding{{Kind: report.Exited, Fatal: true, Summary: `"orders" exited`}}
	return runs
}

func slow(runs []*report.Record) []*report.Record {
	for _, r := range runs {
		r.Load.Rate /= 2
	}
	return runs
}

func blindToHeap(runs []*report.Record) []*report.Record {
	for _, r := range runs {
		r.LiveHeaps = nil
	}
	return runs
}

// on is the runs on a host with that kernel.
func on(kernel string, runs []*report.Record) []*report.Record {
	for _, r := range runs {
		r.Env.Kernel = kernel
	}
	return runs
}

func TestBaselineOfAnotherHost(t *testing.T) {
	inFolder(t)
	recorded(t, on("6.1.0-28", trials("orders", 5, 40)))
	now := on("6.18.5", trials("orders", 5, 90))
	passed, f := judged(now, orders)
	assert.True(t, passed, "memory of two hosts does not compare")
	require.Len(t, now[4].Notes, 1)
	assert.Regexp(t, `^nothing was compared with a baseline: testdata/orders\..*\.memtest is not of this class of host \(kernel 6\.18 instead of 6\.1\): record one on this host with MEMTEST_UPDATE=1 and commit it$`, now[4].Notes[0].Text())
	require.Len(t, f.logs, 1)
	assert.Contains(t, f.logs[0], "memtest: warning: nothing was compared")

	t.Setenv("MEMTEST_REQUIRE_BASELINE", "1")
	passed, f = judged(now, orders)
	assert.False(t, passed)
	assert.Contains(t, f.errors[0], "MEMTEST_REQUIRE_BASELINE=1, but nothing was compared")

	recorded(t, now)
	passed, _ = judged(now, orders)
	assert.True(t, passed)
	files, err := filepath.Glob("testdata/*")
	require.NoError(t, err)
	assert.Len(t, files, 2, "one for each host")
}

// A baseline is of the host that it was recorded on, whatever its file is called.
func TestBaselineUnderAnotherHostsName(t *testing.T) {
	inFolder(t)
	recorded(t, on("6.1.0-28", trials("orders", 5, 40)))
	there := onlyBaseline(t)
	recorded(t, on("6.18.5", trials("orders", 5, 90)))
	files, err := filepath.Glob("testdata/*")
	require.NoError(t, err)
	here := files[slices.IndexFunc(files, func(f string) bool { return f != there })]
	require.NoError(t, os.WriteFile(here, []byte(read(t, there)), 0o600))
	for _, update := range []string{"", "1"} {
		t.Setenv("MEMTEST_UPDATE", update)
		passed, f := judged(on("6.18.5", trials("orders", 5, 40)), orders)
		assert.False(t, passed)
		assert.Contains(t, f.errors[0], "is of another class of host than its name says (kernel 6.18 instead of 6.1): it was copied or renamed: delete it, and record one")
		assert.Equal(t, read(t, there), read(t, here))
	}
}

// What cannot be read may be meant for this host as well.
func TestBrokenBaselineOfAnotherHost(t *testing.T) {
	inFolder(t)
	recorded(t, on("6.1.0-28", trials("orders", 5, 40)))
	whole := read(t, onlyBaseline(t))
	require.NoError(t, os.WriteFile(onlyBaseline(t), []byte(whole[:len(whole)/2]), 0o600))
	passed, f := judged(on("6.18.5", trials("orders", 5, 90)), orders)
	assert.False(t, passed)
	assert.Regexp(t, `^read baseline testdata/orders\..*: line \d+: `, f.errors[0])
	require.NoError(t, os.Rename(onlyBaseline(t), "testdata/orders.big."+strings.TrimPrefix(onlyBaseline(t), "testdata/orders.")))
	_, f = judged(on("6.18.5", trials("orders", 5, 90)), orders)
	assert.Contains(t, f.errors[0], "there is no baseline testdata/orders.", "that one is of another test")
}

func TestBrokenBaselineIsNeverWrittenOver(t *testing.T) {
	inFolder(t)
	recorded(t, trials("orders", 5, 40))
	path := onlyBaseline(t)
	torn := strings.Replace(read(t, path), "\nUnit avg-B better=lower\n", "\n<<<<<<< HEAD\nUnit avg-B better=lower\n", 1)
	require.NoError(t, os.WriteFile(path, []byte(torn), 0o600))
	for _, update := range []string{"", "1"} {
		t.Setenv("MEMTEST_UPDATE", update)
		passed, f := judged(trials("orders", 5, 30), orders)
		assert.False(t, passed)
		assert.Regexp(t, `^read baseline testdata/orders\..*: line \d+: merge conflict \(<<<<<<<\): take one side's file whole: restore the file from git, or delete it`, f.errors[0])
		assert.Equal(t, torn, read(t, path))
	}
}

func TestTooFewTrialsAreNotRecorded(t *testing.T) {
	inFolder(t)
	t.Setenv("MEMTEST_UPDATE", "1")
	passed, f := judged(trials("orders", 3, 40), orders)
	assert.False(t, passed)
	assert.Contains(t, f.errors[0], "is not recorded of 3 trials: nothing can be told from so few later: make at least 5")
	assert.NoDirExists(t, "testdata")
}
