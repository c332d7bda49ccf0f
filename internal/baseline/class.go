package baseline

import (
	"fmt"
	"hash/crc32"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
)

// Class is what two hosts must have in common for their figures to be compared.
type Class struct {
	OS     string // "linux/amd64"
	CPU    string // number of cores and model
	Kernel string // major.minor
	Cgroup string // "v1", "v2"
	THP    string // transparent huge pages: "always", "madvise", "never"
	Engine string // "docker", "podman"; "process" where there is none
	Limit  uint64 // memory limit in bytes; 0 if none
}

// none stands in a file for a part that is not known or not there.
const none = "none"

// ClassOf returns the class of the host that a run was on.
func ClassOf(e report.Env) Class {
	engine := "process"
	if fields := strings.Fields(e.Engine); len(fields) > 0 {
		engine = strings.ToLower(fields[0])
	}
	return Class{
		OS: word(e.OS), CPU: line(e.CPU), Kernel: majorMinor(e.Kernel), Cgroup: word(e.Cgroup),
		THP: word(e.THP), Engine: word(engine), Limit: e.Limit,
	}
}

var leadingVersion = regexp.MustCompile(`^\d+\.\d+`)

func majorMinor(kernel string) string {
	if v := leadingVersion.FindString(kernel); v != "" {
		return v
	}
	return word(kernel)
}

const longestPart = 120 // runes

// line returns s as one printable line that begins and ends with a word.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r) || r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > longestPart {
		s = strings.TrimSpace(string(runes[:longestPart]))
	}
	return s
}

// word returns s as one printable word.
func word(s string) string { return strings.ReplaceAll(line(s), " ", "_") }

// parts returns the class' parts with their names, for people.
func (c Class) parts() [][2]string {
	return [][2]string{
		{"system", c.OS}, {"CPU", c.CPU}, {"kernel", c.Kernel}, {"cgroup", c.Cgroup},
		{"THP", c.THP}, {"engine", c.Engine}, {"memory limit", limitText(c.Limit)},
	}
}

func limitText(bytes uint64) string {
	if bytes == 0 {
		return none
	}
	return words.MiB(bytes)
}

// Differs says in which parts c is not other: "kernel 6.1 instead of 6.18, THP …"; empty
// if in none.
func (c Class) Differs(other Class) string {
	var all []string
	theirs := other.parts()
	for i, part := range c.parts() {
		if part[1] != theirs[i][1] {
			all = append(all, fmt.Sprintf("%s %s instead of %s", part[0], orNone(part[1]), orNone(theirs[i][1])))
		}
	}
	if len(all) == 0 && c.Limit != other.Limit {
		all = append(all, fmt.Sprintf("memory limit %d B instead of %d B", c.Limit, other.Limit))
	}
	return strings.Join(all, ", ")
}

func orNone(s string) string {
	if s == "" {
		return none
	}
	return s
}

// short returns the class as a part of a file's name: readable, and different for each class.
func (c Class) short() string {
	limit := "nolimit"
	if c.Limit > 0 {
		limit = strconv.FormatUint(c.Limit>>20, 10) + "MiB"
	}
	parts := []string{plain(c.Engine, 10), plain(c.Kernel, 10), "cgroup" + plain(c.Cgroup, 4), "thp" + plain(c.THP, 8), limit, plain(c.CPU, 28)}
	sum := crc32.ChecksumIEEE(fmt.Appendf(nil, "%q %d", c.parts(), c.Limit))
	return strings.Join(parts, "-") + fmt.Sprintf("-%08x", sum)
}

var (
	fillers    = regexp.MustCompile(`(?i)\((r|tm)\)|\bcpu\b|\bprocessor\b|\d+-core\b|@.*`)
	unlettered = regexp.MustCompile(`[^a-z0-9.]+`)
)

// plain returns s in the letters of a file's name, at most n of them.
func plain(s string, n int) string {
	s = strings.ReplaceAll(strings.ToLower(s), " × ", "x ")
	s = strings.Trim(unlettered.ReplaceAllString(fillers.ReplaceAllString(s, ""), "-"), "-.")
	return strings.Trim(s[:min(n, len(s))], "-.")
}
