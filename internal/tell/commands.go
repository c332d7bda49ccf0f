package tell

import (
	"regexp"
	"strings"

	"github.com/memgate/memgate/internal/store"
	"github.com/memgate/memgate/report"
)

// AgainCommand runs the test again, from any folder of its module. It is empty where
// the test is not known.
func AgainCommand(r *report.Record) string {
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

// shellWord returns shellQuoted for what may have slashes, such as import paths.
func shellWord(word string) string {
	if plainWord.MatchString(word) && word[0] != '-' {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// PprofCommand compares the first heap profile of the measured load with its last, to
// be run in the folder of the files. It is empty where there are not two of them.
func PprofCommand(r *report.Record) string {
	var files []string
	for _, h := range r.HeapProfiles {
		if h.File != "" && h.Phase != report.Final {
			files = append(files, h.File)
		}
	}
	if len(files) < 2 {
		return ""
	}
	return "go tool pprof -diff_base " + shellQuoted(files[0]) + " " + shellQuoted(files[len(files)-1])
}

// shellQuoted makes a word of a command line that is copied into a shell. Names that
// this package gave need no quotes; those of a record from elsewhere may.
func shellQuoted(word string) string {
	if store.CheckName(word) == nil {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
