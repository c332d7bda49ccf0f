package memtest

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/memgate/memgate/internal/index"
	"github.com/memgate/memgate/internal/store"
	"github.com/memgate/memgate/report"
	"github.com/memgate/memgate/report/page"
)

// artifacts is where one run's files go.
type artifacts struct {
	dir  string
	name string // unique in this process
}

// openArtifacts finds the folder and takes a name for the run's files in it. A second
// run of the same name within one test gets a number.
func openArtifacts(t TB, scenario string, test report.Test) (*artifacts, error) {
	if strings.Contains(scenario, "..") || strings.ContainsAny(scenario, "\x00") {
		return nil, fmt.Errorf("scenario name %q cannot name a file: leave out \"..\" and control characters", scenario)
	}
	dir, err := artifactDir(t)
	if err != nil {
		return nil, err
	}
	name := t.Name()
	if scenario != name {
		name += "." + scenario
	}
	name = takeName(store.FileName(name))
	t.Cleanup(func() { namesInUse.Delete(name) })
	if claimed, err := index.Claim(dir, name, test); err == nil { // a folder that cannot be written is told when it is written to
		name = claimed
	}
	return &artifacts{dir: dir, name: name}, nil
}

// namesInUse keeps parallel tests, and several runs in one test, out of each other's files.
var namesInUse sync.Map

func takeName(want string) string {
	name := want
	for n := 2; ; n++ {
		if _, taken := namesInUse.LoadOrStore(name, true); !taken {
			return name
		}
		name = want + "-" + strconv.Itoa(n)
	}
}

// artifactDir is MEMTEST_DIR, else the test's artifact folder where go test keeps it
// (-artifacts), else a folder of this user's that lasts.
func artifactDir(t TB) (string, error) {
	if dir := os.Getenv("MEMTEST_DIR"); dir != "" {
		dir, err := filepath.Abs(dir)
		if err != nil {
			return "", fmt.Errorf("MEMTEST_DIR: %w", err)
		}
		return dir, nil
	}
	if f := flag.Lookup("test.artifacts"); f != nil && f.Value.String() == "true" {
		if t, ok := t.(artifactDirer); ok {
			return t.ArtifactDir(), nil
		}
	}
	return lastingDir()
}

// lastingDir returns a folder below the system's temporary one, the same at each run of the
// same test binary, so that reports do not pile up. It holds reports and profiles of
// this user's, and is refused where somebody else could have planted it.
func lastingDir() (string, error) {
	base := filepath.Join(os.TempDir(), "memtest-"+strconv.Itoa(os.Getuid()))
	if err := os.Mkdir(base, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("make folder for reports: %w: set MEMTEST_DIR to a folder that can be written", err)
	}
	if info, err := os.Lstat(base); err != nil || !info.IsDir() || !isOurs(info) {
		return "", fmt.Errorf("folder %s for reports is not this user's own: remove it, or set MEMTEST_DIR", base)
	}
	return filepath.Join(base, store.FileName(filepath.Base(os.Args[0]))), nil
}

// keep writes the record and its report when the test ends, with what the judges said.
func (a *artifacts) keep(t TB, r *report.Record) {
	r.Report = filepath.Join(a.dir, a.name+".html")
	t.Cleanup(func() {
		t.Helper()
		err := errors.Join(a.save(r), tellCI(t, r))
		_, ended := r.Fatal()
		if (t.Failed() || testing.Verbose()) && (r.Trial.Alone() || ended) { // the comparison speaks for trials
			t.Logf("%s", summary(r))
		}
		if err != nil {
			t.Logf("memtest: %v", err) // the verdict stands, whatever becomes of its file
		}
	})
}

// saveHeaps writes the heap and goroutine profiles at once: what a judge says names their files.
func (a *artifacts) saveHeaps(r *report.Record) error {
	var failed error
	for i := range len(r.HeapProfiles) + len(r.GoroutineProfiles) {
		h, name := a.profile(r, i)
		if err := store.WriteFile(a.dir, name, h.Raw); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		h.File = name
	}
	return failed
}

// profile returns the i-th of the record's profiles, heaps first, and its file's name.
func (a *artifacts) profile(r *report.Record, i int) (*report.ProfileFile, string) {
	if i < len(r.HeapProfiles) {
		h := &r.HeapProfiles[i]
		return h, fmt.Sprintf("%s.%02d-%s.pb.gz", a.name, i+1, h.Phase)
	}
	i -= len(r.HeapProfiles)
	h := &r.GoroutineProfiles[i]
	return h, fmt.Sprintf("%s.goroutines-%02d-%s.pb.gz", a.name, i+1, h.Phase)
}

func (a *artifacts) save(r *report.Record) error {
	return errors.Join(
		store.WriteForm(a.dir, a.name+".json", r.JSON),
		store.WriteForm(a.dir, a.name+".html", func(w io.Writer) error { return page.HTML(w, r) }),
		a.saveForms(r),
		index.Add(r, a.dir, a.name),
	)
}
