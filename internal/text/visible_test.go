package text

import (
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
)

func TestVisibleText(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "",
		"naïve 日本 → ✓\tx\ny":   "naïve 日本 → ✓\tx\ny",
		"\x00\x1b\r\x7f\u0085": "␀␛␍␡⟨U+0085⟩",
		"\u202e\u2066\u200f":   "⟨U+202E⟩⟨U+2066⟩⟨U+200F⟩",
		"a\u200bb\ufeff\u00ad": "a⟨U+200B⟩b⟨U+FEFF⟩⟨U+00AD⟩",
		"x\U000e0041":          "x⟨U+E0041⟩",
		"bad \xff":             "bad �",
	} {
		assert.Equal(t, want, Visible(in))
		assert.Equal(t, want, Visible(Visible(in)))
	}
	assert.False(t, unicode.IsControl('␀'))
}
