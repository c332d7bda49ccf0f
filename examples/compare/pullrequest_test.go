package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pullRequestTest is a user's test, as docs/pull-request.md has it, with short loads and
// without Docker.
const pullRequestTest = `package memory

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
)

func TestMemoryAgainstBase(t *testing.T) {
	base := os.Getenv("MEMTEST_BASE")
	if base == "" {
		t.Skip("no base to compare with")
	}
	head, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	shop := func(checkout string) memtest.Scenario {
		return memtest.Scenario{
			Target: memtest.Process{Go: filepath.Join(checkout, "cmd/shop")},
			Load:   load.Plan{Requests: load.Get("/"), Rate: 50, Duration: 400 * time.Millisecond},
			Warmup: 100 * time.Millisecond, Settle: 100 * time.Millisecond,
		}
	}
	before, after := memtest.Pair(t, 5, shop(base), shop(head))
	memtest.NotWorse(t, before, after, memtest.Tolerance{Latency: 50, LatencyAbsolute: time.Minute})
}
`

const pullRequestShop = `package main

import (
	"log"
	"net/http"
	_ "net/http/pprof"
	"os"
)

func main() {
	stock := make([]byte, %d<<20)
	for i := range stock {
		stock[i] = byte(i)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { w.Write(stock[:1]) })
	log.Fatal(http.ListenAndServe(":"+os.Getenv("PORT"), nil))
}
`

// scratch is a repository of a user's, with commits in which the shop's stock has so
// many MiB.
type scratch struct{ dir string }

func newScratch(t *testing.T) scratch {
	t.Helper()
	s := scratch{t.TempDir()}
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	own := regexp.MustCompile(`(?m)^module .*$`).ReplaceAllString(string(mod), "module example.org/shop")
	own += "\nrequire github.com/memgate/memgate v0.0.0\n\nreplace github.com/memgate/memgate => " + root + "\n"
	s.write(t, "go.mod", own)
	s.write(t, "go.sum", string(sum))
	s.write(t, "memory/memory_test.go", pullRequestTest)
	s.git(t, "init", "--quiet", "--initial-branch=main")
	return s
}

func (s scratch) write(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(s.dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
}

func (s scratch) git(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)...)
	cmd.Dir = s.dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

func (s scratch) commit(t *testing.T, stock int) {
	t.Helper()
	s.write(t, "cmd/shop/main.go", fmt.Sprintf(pullRequestShop, stock))
	s.git(t, "add", "-A")
	s.git(t, "commit", "--quiet", "-m", fmt.Sprintf("a stock of %d MiB", stock))
}

// script runs docs/pull-request.sh in the repository.
func (s scratch) script(t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	path, err := filepath.Abs("../../docs/pull-request.sh")
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "MEMTEST_DIR="+filepath.Join(s.dir, "reports"), "GITHUB_STEP_SUMMARY="+filepath.Join(s.dir, "summary.md"))
	text, err := cmd.CombinedOutput()
	return string(text), err
}

// TestPullRequest is the recipe of docs/pull-request.md in a scratch repository: a branch
// whose commit costs memory fails, one that saves it passes (make compare), and nothing
// is left behind.
func TestPullRequest(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs ten trials, and -short is set")
	}
	for _, tool := range []string{"git", "sh"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s in the path", tool)
		}
	}
	s := newScratch(t)
	s.commit(t, 20)
	s.git(t, "switch", "--quiet", "-c", "feature")
	s.commit(t, 26)
	out, err := s.script(t, "main", "./memory", "TestMemoryAgainstBase")
	require.Error(t, err, out)
	assert.Contains(t, out, "memory got worse from before to after")
	assert.Regexp(t, `✗ live heap after GC +20\.\d MiB → 26\.\d MiB`, out)
	assert.Regexp(t, `where +\+\d\.\d MiB \(\d+\.\d → 2\d\.\d\)  main\.main`, out, "by sampled profiles")
	for _, file := range []string{"reports/TestMemoryAgainstBase.comparison.md", "summary.md"} {
		text, err := os.ReadFile(filepath.Join(s.dir, file))
		require.NoError(t, err)
		assert.Equal(t, 1, strings.Count(string(text), "### ❌ TestMemoryAgainstBase: worse"), file)
	}

	if os.Getenv("COMPARE") != "" { // make compare
		s.saves(t)
	}

	out, err = s.script(t, "nowhere", "./memory", "TestMemoryAgainstBase")
	assert.Error(t, err)
	assert.Contains(t, out, "fetch the whole history")
	assert.Equal(t, 1, strings.Count(s.git(t, "worktree", "list"), "\n"), "no worktree is left behind")
}

// saves merges what cost memory, and compares a branch that saves more than that.
func (s scratch) saves(t *testing.T) {
	t.Helper()
	s.git(t, "switch", "--quiet", "main")
	s.git(t, "merge", "--quiet", "feature")
	s.git(t, "switch", "--quiet", "-c", "saving")
	s.commit(t, 14)
	out, err := s.script(t, "main", "./memory", "TestMemoryAgainstBase")
	require.NoError(t, err, out)
}
