// Package text sanitizes untrusted text for display: bounded and printable.
package text

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Head keeps the first Max bytes written to it.
type Head struct {
	bytes.Buffer
	Max int
}

// Write never fails.
func (h *Head) Write(p []byte) (int, error) {
	if room := h.Max - h.Len(); room > 0 {
		h.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// Tail keeps the last Max bytes written to it.
type Tail struct {
	buf []byte
	Max int
}

// Write never fails.
func (t *Tail) Write(p []byte) (int, error) {
	n := len(p)
	if len(p) > t.Max {
		p = p[len(p)-t.Max:]
	}
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - t.Max; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return n, nil
}

// String returns what was kept.
func (t *Tail) String() string { return string(t.buf) }

// escapes are the terminal's: colours, titles, cursor movements.
var escapes = regexp.MustCompile(`\x1b(?:\[[0-9;:?<=>]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])`)

// Printable returns what a program wrote, safe to show: no terminal sequences, no control
// characters, no text-direction tricks, valid UTF-8.
func Printable(s string) string {
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

// FirstLines returns at most n lines of s, printable, and a last line that counts the rest.
func FirstLines(s string, n int) string {
	lines := strings.Split(strings.TrimRight(Printable(s), "\n"), "\n")
	if len(lines) > n {
		lines = append(lines[:n:n], "…")
	}
	return strings.Join(lines, "\n")
}

// LastLines returns at most n last lines of s, printable.
func LastLines(s string, n int) string {
	lines := strings.Split(strings.TrimRight(Printable(s), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
