package memtest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/faketarget"
	"github.com/memgate/memgate/internal/index"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/report"
)

// fakeTest is a test that is watched while it runs.
type fakeTest struct {
	ctx      context.Context
	name     string
	deadline time.Time
	failed   bool
	errors   []string
	logs     []string
	cleanups []func()
}

func (f *fakeTest) Helper()                  {}
func (f *fakeTest) Name() string             { return f.name }
func (f *fakeTest) Context() context.Context { return f.ctx }
func (f *fakeTest) Cleanup(c func())         { f.cleanups = append(f.cleanups, c) }
func (f *fakeTest) Failed() bool             { return f.failed }
func (f *fakeTest) Logf(format string, args ...any) {
	f.logs = append(f.logs, fmt.Sprintf(format, args...))
}
func (f *fakeTest) Deadline() (time.Time, bool) { return f.deadline, !f.deadline.IsZero() }
func (f *fakeTest) FailNow()                    { f.failed = true; runtime.Goexit() }
func (f *fakeTest) Errorf(format string, args ...any) {
	f.failed = true
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}

// run is body as a test of that name in virtual time, its clean-ups included; reports
// go to the folder that is returned.
func run(t *testing.T, f *fakeTest, body func(memtest.TB)) (dir string) {
	t.Helper()
	dir = t.TempDir()
	t.Setenv("MEMTEST_DIR", dir)
	synctest.Test(t, func(t *testing.T) {
		f.ctx = t.Context()
		if f.name == "" {
			f.name = "TestOrders"
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			body(f)
		}()
		<-done
		for _, c := range slices.Backward(f.cleanups) {
			c()
		}
	})
	return dir
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestRunOfAHealthyTargetPasses(t *testing.T) {
	f := &fakeTest{}
	dir := run(t, f, func(tb memtest.TB) {
		s := scenario(&faketarget.Target{})
		s.Name = ""
		r := memtest.Run(tb, s)
		assert.True(t, memtest.NoLeak(tb, r))
		assert.True(t, memtest.Within(tb, r, memtest.Budget{Peak: "32MiB"}))
	})
	assert.False(t, f.failed, f.errors)
	if !testing.Verbose() {
		assert.Empty(t, f.logs, "nothing is printed until something fails")
	}
	assert.Contains(t, files(t, dir), "TestOrders.html")

	saved, err := os.Open(filepath.Join(dir, "TestOrders.json"))
	require.NoError(t, err)
	defer saved.Close()
	r, err := report.Read(saved)
	require.NoError(t, err)
	assert.Len(t, r.Checks, 2, "the record holds what the judges said")
	assert.NoError(t, memtest.CheckLeak(r), "and is judged the same when read again")
}

func TestRunOfALeakingTargetFails(t *testing.T) {
	f := &fakeTest{}
	dir := run(t, f, func(tb memtest.TB) {
		r := memtest.Run(tb, scenario(&faketarget.Target{Retains: 1000}))
		assert.False(t, memtest.NoLeak(tb, r))
	})
	require.Len(t, f.errors, 1)
	assert.Contains(t, f.errors[0], `memory leak in "fake" (live heap`)
	assert.Contains(t, f.errors[0], "main.leak  leak.go:42")
	assert.Contains(t, f.errors[0], filepath.Join(dir, "TestOrders.fake.html"))
	assert.Contains(t, f.errors[0], "go tool pprof -diff_base")
	assert.NotEmpty(t, f.logs, "a failed test shows its summary")

	var profiles int
	for _, name := range files(t, dir) {
		assert.True(t, strings.HasPrefix(name, "TestOrders.fake.") || name == index.IndexFile, name)
		if strings.HasSuffix(name, ".pb.gz") {
			profiles++
		}
	}
	assert.Equal(t, 12, profiles, "of the heap and of goroutines, at six moments")
}

func TestRunFailsWhenTheTargetDies(t *testing.T) {
	f := &fakeTest{}
	dir := run(t, f, func(tb memtest.TB) {
		target := &faketarget.Target{DiesAfter: 2000, Exit: target.Exit{Code: 2, Logs: "panic: boom\n"}}
		memtest.Run(tb, scenario(target))
	})
	require.Len(t, f.errors, 1)
	assert.Regexp(t, `"fake" exited with code 2 at 00:\d\d in the load phase after [12],`, f.errors[0])
	assert.Contains(t, f.errors[0], "panic: boom")
	assert.Contains(t, files(t, dir), "TestOrders.fake.html", "the report is still written")
}

func TestRunThatCannotBeMade(t *testing.T) {
	for name, tc := range map[string]struct {
		deadline time.Duration
		change   func(*memtest.Scenario)
		want     string
	}{
		"no target":       {0, func(s *memtest.Scenario) { s.Target = nil }, "memtest: scenario has no Target"},
		"bad name":        {0, func(s *memtest.Scenario) { s.Name = "../../etc/passwd" }, `scenario name "../../etc/passwd" cannot name a file`},
		"deadline":        {time.Minute, func(*memtest.Scenario) {}, "the test's deadline is in 1m0s, the run takes 1m12s and 5s are kept to clean up: give go test a longer -timeout"},
		"unstarted image": {0, func(s *memtest.Scenario) { s.Target = memtest.Image{} }, "memtest: start target: "},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeTest{}
			run(t, f, func(tb memtest.TB) {
				if tc.deadline > 0 {
					f.deadline = time.Now().Add(tc.deadline)
				}
				s := scenario(&faketarget.Target{})
				tc.change(&s)
				memtest.Run(tb, s)
				t.Error("Run returned")
			})
			require.Len(t, f.errors, 1)
			assert.Contains(t, f.errors[0], tc.want)
		})
	}
}

func TestRunStopsAheadOfTheDeadline(t *testing.T) {
	f := &fakeTest{}
	target := &faketarget.Target{}
	run(t, f, func(tb memtest.TB) {
		s := scenario(target)
		planned := s.Load
		s.Load = endless{planned} // a load that takes longer than it said
		f.deadline = time.Now().Add(2 * time.Minute)
		memtest.Run(tb, s)
	})
	require.Len(t, f.errors, 1)
	assert.Contains(t, f.errors[0], "run interrupted in its load phase: the test's deadline came near")
	assert.True(t, target.Stopped())
}

func TestRunsInOneTestKeepOutOfEachOthersFiles(t *testing.T) {
	f := &fakeTest{name: "TestA/with_cache"}
	dir := run(t, f, func(tb memtest.TB) {
		for range 2 {
			memtest.Run(tb, scenario(&faketarget.Target{NoRuntime: true}))
		}
	})
	assert.Equal(t, []string{
		"TestA.with_cache.fake-2.card.json", "TestA.with_cache.fake-2.html", "TestA.with_cache.fake-2.json",
		"TestA.with_cache.fake.card.json", "TestA.with_cache.fake.html", "TestA.with_cache.fake.json", "index.html",
	}, files(t, dir))
}
