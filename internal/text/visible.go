package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible returns s with a visible sign for each rune that is none: control characters
// become their pictures (NUL ␀), format characters such as bidi marks their code
// point. Line ends and tabs stay.
func Visible(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, Invisible) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !Invisible(r):
			b.WriteRune(r)
		case r < ' ':
			b.WriteRune('␀' + r)
		case r == 0x7f:
			b.WriteRune('␡')
		default:
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		}
	}
	return b.String()
}

// Invisible tells whether r cannot be seen, or changes how its neighbours look.
func Invisible(r rune) bool {
	if r >= ' ' && r < 0x7f || r == '\n' || r == '\t' {
		return false
	}
	if r&0xfffe == 0xfffe { // no character, and forbidden in XML
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Widest is the runes of a line of text, which a terminal folds.
const Widest = 600

// OneLine returns s with its line ends made visible, and cut to n runes.
func OneLine(s string, n int) string {
	s = strings.NewReplacer("\n", "␊", "\t", " ").Replace(strings.TrimRight(s, " \n"))
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return s
}

// UpperFirst returns s with an upper-case first letter, where that is a to z.
func UpperFirst(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
