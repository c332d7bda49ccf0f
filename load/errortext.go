package load

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

const (
	maxErrorTexts = 256  // distinct texts counted while a load runs
	topErrors     = 10   // of these, in a Summary
	maxErrorText  = 160  // bytes of a normalised text
	maxErrorInput = 2048 // bytes of an error that are looked at
)

// errorTable counts errors by text. It is bounded: what finds no place is counted
// together.
type errorTable struct {
	counts map[string]uint64
	others uint64
}

func (t *errorTable) add(text string) {
	if t.counts == nil {
		t.counts = map[string]uint64{}
	}
	if _, known := t.counts[text]; !known && len(t.counts) >= maxErrorTexts {
		t.others++
		return
	}
	t.counts[text]++
}

// top lists the most frequent errors, equal counts by text, and the rest as one.
func (t *errorTable) top() []ErrorCount {
	var all []ErrorCount
	for text, n := range t.counts {
		all = append(all, ErrorCount{text, n})
	}
	slices.SortFunc(all, func(a, b ErrorCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Text, b.Text))
	})
	others := t.others
	for _, e := range all[min(len(all), topErrors):] {
		others += e.Count
	}
	all = all[:min(len(all), topErrors)]
	if others > 0 {
		all = append(all, ErrorCount{OtherErrors, others})
	}
	return all
}

// status is an HTTP status at the start of a text: the one number worth keeping.
var status = regexp.MustCompile(`^[1-5]\d\d( |$)`)

// variable is what differs between two errors of one cause, in the order in which
// it is taken out: what contains others comes first.
var variable = []struct {
	pattern *regexp.Regexp
	name    string
}{
	{regexp.MustCompile(`[\w+.-]*://[^\s"'<>]*`), "URL"},
	{regexp.MustCompile(`\[[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(%[\w.-]+)?\](:\d+)?`), "ADDR"},  // [::1]:80
	{regexp.MustCompile(`\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b`), "ADDR"},                     // 127.0.0.1:80
	{regexp.MustCompile(`\b[A-Za-z][\w.-]*:\d{2,5}\b`), "ADDR"},                          // localhost:80
	{regexp.MustCompile(`\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b`), "ID"}, // a UUID
	{regexp.MustCompile(`\b0[xX][0-9a-fA-F]+\b`), "ID"},
	{regexp.MustCompile(`\b([a-fA-F]+\d|\d+[a-fA-F])[0-9a-fA-F]{6,}\b`), "ID"}, // 3f9c01ab, but no word
	{regexp.MustCompile(`\d+(\.\d+)*`), "N"},
}

// normalise takes out of an error's text what differs between two of its kind, and
// bounds it: one line of valid UTF-8, at most maxErrorText bytes. To normalise
// twice changes nothing.
func normalise(text string) string {
	text = oneLine(cut(text, maxErrorInput))
	if !strings.ContainsAny(text, "0123456789[/") {
		return cut(text, maxErrorText) // nothing variable; the patterns below are slow
	}
	keep := status.FindString(text)
	text = text[len(keep):]
	for _, v := range variable {
		text = v.pattern.ReplaceAllString(text, v.name)
	}
	return strings.TrimSpace(cut(keep+text, maxErrorText))
}

// oneLine makes each run of white space and unprintable characters one space.
func oneLine(text string) string {
	text = strings.ToValidUTF8(text, " ")
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
}

// cut returns text up to n bytes, without half a character at its end.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "")
}
