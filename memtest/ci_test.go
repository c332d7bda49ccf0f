package memtest_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/faketarget"
	"github.com/memgate/memgate/internal/index"
	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/report"
)

// ciTest is a fakeTest with what newer versions of testing have.
type ciTest struct {
	*fakeTest
	out     bytes.Buffer
	attrs   map[string]string
	metrics map[string]float64
}

func (c *ciTest) Output() io.Writer                   { return &c.out }
func (c *ciTest) Attr(key, value string)              { c.attrs[key] = value }
func (c *ciTest) ReportMetric(n float64, unit string) { c.metrics[unit] = n }

func leakyRun(t *testing.T) (c *ciTest, dir string) {
	t.Helper()
	c = &ciTest{fakeTest: &fakeTest{}, attrs: map[string]string{}, metrics: map[string]float64{}}
	dir = run(t, c.fakeTest, func(memtest.TB) {
		r := memtest.Run(c, scenario(&faketarget.Target{Retains: 1000}))
		memtest.NoLeak(c, r)
		memtest.Within(c, r, memtest.Budget{Peak: "1GiB"})
	})
	return c, dir
}

func TestCIIsTold(t *testing.T) {
	step := filepath.Join(t.TempDir(), "summary.md")
	require.NoError(t, os.WriteFile(step, []byte("before\n"), 0o600))
	t.Setenv("GITHUB_STEP_SUMMARY", step)
	t.Setenv("GITHUB_ACTIONS", "true")
	t.Setenv("MEMTEST_FORMS", "all")
	c, dir := leakyRun(t)

	summary, err := os.ReadFile(step)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(summary), "before\n### ❌ fake: failed"), string(summary))
	assert.Equal(t, 1, strings.Count(c.out.String(), "::error "), "one for each failure")
	assert.Regexp(t, `^::error file=memtest/ci_test\.go,line=\d+,title=fake%3A no leak::memory leak in "fake"`, c.out.String())
	assert.Equal(t, "failed", c.attrs["memgate.verdict"])
	assert.InDelta(t, 1000, c.metrics["growth-B/req"], 150)
	names := files(t, dir)
	for _, want := range []string{"TestOrders.fake.md", "TestOrders.fake.bench.txt", "TestOrders.fake.prom", "TestOrders.fake.csv", "index.html"} {
		assert.Contains(t, names, want)
	}
	saved, err := os.Open(filepath.Join(dir, "TestOrders.fake.html"))
	require.NoError(t, err)
	defer saved.Close()
	r, err := report.Read(saved)
	require.NoError(t, err)
	assert.Equal(t, "go test -count=1 -run '^TestOrders$' github.com/memgate/memgate/memtest", tell.AgainCommand(r))
	require.Len(t, r.Checks, 2)
	assert.Equal(t, "memtest/ci_test.go", r.Checks[1].File)
	assert.Greater(t, r.Checks[1].Line, r.Checks[0].Line)
	assert.Contains(t, r.Checks[1].Margin, "MiB left")
}

func TestCIThatCannotBeToldChangesNoVerdict(t *testing.T) {
	t.Setenv("GITHUB_STEP_SUMMARY", filepath.Join(t.TempDir(), "missing", "summary.md"))
	t.Setenv("MEMTEST_FORMS", "pdf")
	c, dir := leakyRun(t)
	assert.Len(t, c.errors, 1, "the leak alone")
	assert.Contains(t, strings.Join(c.logs, "\n"), "write step summary: ")
	assert.Contains(t, strings.Join(c.logs, "\n"), `there is no form "pdf"`)
	assert.Empty(t, c.out.String(), "not under GitHub Actions")
	assert.NotContains(t, files(t, dir), "TestOrders.fake.csv")
}

// TestNoFileHoldsASecret plants canaries in the environment of the target and of the
// test, in headers and in a query, and has the target print them all.
func TestNoFileHoldsASecret(t *testing.T) {
	canaries := []string{"cAnArY-env-1", "cAnArY-url-2", "cAnArY-test-3"}
	step := filepath.Join(t.TempDir(), "summary.md")
	t.Setenv("GITHUB_STEP_SUMMARY", step)
	t.Setenv("GITHUB_ACTIONS", "true")
	t.Setenv("MEMTEST_FORMS", "all")
	t.Setenv("MY_API_TOKEN", canaries[2])
	c := &ciTest{fakeTest: &fakeTest{}, attrs: map[string]string{}, metrics: map[string]float64{}}
	dir := run(t, c.fakeTest, func(memtest.TB) {
		logs := "panic: cannot log in as " + canaries[0] + " at db with " + canaries[1] + ", then " + canaries[2] + "\nGET /x?k=" + "cAnArY-query-4\n"
		target := &faketarget.Target{DiesAfter: 2000, Exit: target.Exit{Code: 2, Logs: logs}, Vars: []string{"X_SECRET=" + canaries[0], "DSN=postgres://u:" + canaries[1] + "@db/x"}}
		r := memtest.Run(c, scenario(target))
		memtest.NoLeak(c, r)
	})
	said := strings.Join(append(c.errors, c.logs...), "\n") + c.out.String()
	for _, value := range c.attrs {
		said += value
	}
	summary, err := os.ReadFile(step)
	require.NoError(t, err)
	assert.NotContains(t, said+string(summary), "cAnArY")
	assert.Contains(t, said, "cannot log in as •••")
	for _, name := range files(t, dir) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.NotContains(t, string(data), "cAnArY", name)
		if strings.HasSuffix(name, ".html") && name != index.IndexFile {
			r, err := report.Read(bytes.NewReader(data))
			require.NoError(t, err)
			var again bytes.Buffer
			require.NoError(t, r.JSON(&again))
			assert.NotContains(t, again.String(), "cAnArY")
		}
	}
}
