package report

import (
	"regexp"
	"strings"
)

// Test is the test that made a run, so that it can be run again.
type Test struct {
	Name    string // "TestOrders/warm"
	Package string // import path of its package
	File    string // its source file, relative to the root of the repository where that is known
	Line    int    // of the call of memtest.Run
}

// AgainCommand runs the test again, from any folder of its module. It is empty where
// the test is not known.
func (r *Record) AgainCommand() string {
	t := r.Test
	if t.Name == "" {
		return ""
	}
	parts := strings.Split(t.Name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	pattern := "'" + strings.ReplaceAll(strings.Join(parts, "/"), "'", `'\''`) + "'"
	command := "go test -count=1 -run " + pattern
	if strings.HasPrefix(t.Name, "Benchmark") {
		command = "go test -count=1 -run '^$' -bench " + pattern
	}
	switch t.Package {
	case "", "command-line-arguments":
		return command
	default:
		return command + " " + shellWord(t.Package)
	}
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./~@%+=:-]+$`)

// shellWord is shellQuoted for what may have slashes, such as import paths.
func shellWord(word string) string {
	if plainWord.MatchString(word) && word[0] != '-' {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
