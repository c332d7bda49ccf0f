package container

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// head keeps the first max bytes written to it.
type head struct {
	bytes.Buffer
	max int
}

func (h *head) Write(p []byte) (int, error) {
	if room := h.max - h.Len(); room > 0 {
		h.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// tail keeps the last max bytes written to it.
type tail struct {
	buf []byte
	max int
}

func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	if len(p) > t.max {
		p = p[len(p)-t.max:]
	}
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - t.max; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return n, nil
}

func (t *tail) String() string { return string(t.buf) }

// escapes are the terminal's: colours, titles, cursor movements.
var escapes = regexp.MustCompile(`\x1b(?:\[[0-9;:?<=>]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])`)

// printable is what a program wrote, safe to show: no terminal sequences, no control
// characters, no text-direction tricks, valid UTF-8.
func printable(s string) string {
	s = escapes.ReplaceAllString(s, "")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return -1
		case r == utf8.RuneError, unicode.Is(unicode.Cf, r), !unicode.IsPrint(r):
			return '\uFFFD'
		}
		return r
	}, s)
}

// firstLines is at most n lines of s, printable, and a last line that counts the rest.
func firstLines(s string, n int) string {
	lines := strings.Split(strings.TrimRight(printable(s), "\n"), "\n")
	if len(lines) > n {
		lines = append(lines[:n:n], "…")
	}
	return strings.Join(lines, "\n")
}

// lastLines is at most n last lines of s, printable.
func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimRight(printable(s), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
