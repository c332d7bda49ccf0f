package text

import (
	"fmt"
	"strings"
)

// markdownEscapes takes its meaning from what Markdown, HTML, a table or GitHub (which
// notifies whom @ names) would read as more than text.
var markdownEscapes = func() *strings.Replacer {
	pairs := []string{"\n", "␊", "\t", " ", "<", "&lt;", ">", "&gt;", "&", "&amp;", "@", "&#64;", "://", "&#58;//", "www.", "www&#46;"}
	for _, c := range "\\`*_{}[]()#!|~$" {
		pairs = append(pairs, string(c), fmt.Sprintf("&#%d;", c))
	}
	return strings.NewReplacer(pairs...)
}()

// Markdown returns s as one line of text that has no mark-up.
func Markdown(s string) string { return markdownEscapes.Replace(OneLine(s, Widest)) }

// Code returns s as code. In it only a backquote and, in a table, a bar mean anything.
func Code(s string) string {
	return "<code>" + markdownEscapes.Replace(OneLine(s, Widest)) + "</code>"
}
