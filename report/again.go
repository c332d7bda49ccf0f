package report

import (
	"fmt"
	"regexp"
	"strings"
	"time"
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

// gaps is where samples were missing: distances of more than two and a half times
// the planned one. Their sum is what is missing, not the whole distance.
func (r *Record) gaps() (n int, missing time.Duration) {
	every := r.Source.Every
	if every <= 0 {
		return 0, 0
	}
	for i := 1; i < len(r.Samples); i++ {
		if apart := r.Samples[i].At - r.Samples[i-1].At; apart > every*5/2 {
			n++
			missing += apart - every
		}
	}
	return n, missing
}

// gapsInWords is "none", or "3 of more than 250ms, 1.2s without a sample in all".
func (r *Record) gapsInWords() string {
	switch n, missing := r.gaps(); {
	case len(r.Samples) < 2 || r.Source.Every <= 0:
		return ""
	case n == 0:
		return "none"
	default:
		return fmt.Sprintf("%d of more than %s; %s without a sample in all", n, r.Source.Every*5/2, length(missing))
	}
}
