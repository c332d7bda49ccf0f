package memtest

import (
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/memgate/memgate/report"
)

// thisTest returns the test t, with the place in its source that called this package.
func thisTest(t TB) report.Test {
	file, line, function := caller()
	return report.Test{Name: t.Name(), Package: packageOf(function), File: file, Line: line}
}

// placed notes where the judge of these checks was asked.
func placed(checks []report.Check) {
	file, line, _ := caller()
	for i := range checks {
		checks[i].File, checks[i].Line = file, line
	}
}

const thisPackage = "github.com/memgate/memgate/memtest."

// caller returns the nearest place in a test's file that led here, or else the nearest
// outside this package.
func caller() (file string, line int, function string) {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		frame, more := frames.Next()
		test := strings.HasSuffix(frame.File, "_test.go")
		outside := test || !strings.HasPrefix(frame.Function, thisPackage) && !strings.HasPrefix(frame.Function, "runtime.")
		if outside && (test || file == "") {
			file, line, function = frame.File, frame.Line, frame.Function
		}
		if outside && test || !more {
			return inRepository(file), line, function
		}
	}
}

// packageOf returns the import path of the package that a function is in, as go test wants
// it: the package of an external test is the one that it tests.
func packageOf(function string) string {
	slash := strings.LastIndex(function, "/") + 1
	dot := strings.Index(function[slash:], ".")
	if dot < 0 {
		return ""
	}
	name := function[:slash+dot]
	if plain, err := url.PathUnescape(name); err == nil { // the compiler writes dots in a path's last part as %2e
		name = plain
	}
	return strings.TrimSuffix(name, "_test")
}

// inRepository returns a source file relative to the root of its git repository, with
// slashes; without one just its name. A test runs in the folder of its package, where
// its file is: under -trimpath the compiler does not tell.
func inRepository(file string) string {
	if file == "" {
		return ""
	}
	dir, err := os.Getwd()
	if err != nil {
		return filepath.Base(file)
	}
	whole := filepath.Join(dir, filepath.Base(file))
	if _, err := os.Stat(whole); err != nil {
		return filepath.Base(file)
	}
	for root := dir; ; root = filepath.Dir(root) {
		if _, err := os.Lstat(filepath.Join(root, ".git")); err == nil {
			if relative, err := filepath.Rel(root, whole); err == nil {
				return filepath.ToSlash(relative)
			}
		}
		if filepath.Dir(root) == root {
			return filepath.Base(file)
		}
	}
}
