package text

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestPrintable(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"plain\tline\n", "plain\tline\n"},
		{"\x1b[1;31mred\x1b[0m", "red"},
		{"\x1b]0;title\x07text", "text"},
		{"\x1b]8;;http://x\x1b\\link", "link"},
		{"a\r\nb", "a\nb"},
		{"nul\x00bell\x07", "nul\uFFFDbell\uFFFD"},
		{"\xff\xfe", "\uFFFD\uFFFD"},
		{"abc\u202edef", "abc\uFFFDdef"},
		{"zero\u200bwidth", "zero\uFFFDwidth"},
		{"größe ✓", "größe ✓"},
		{"\x1b", "\uFFFD"},
	} {
		assert.Equal(t, tt.want, Printable(tt.in), "%q", tt.in)
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("\x1b[1;31mred\x1b[0m")
	f.Fuzz(func(t *testing.T, s string) {
		got := Printable(s)
		if strings.ContainsAny(got, "\x00\x07\x1b\r\u202e") || !utf8.ValidString(got) {
			t.Fatalf("%q", got)
		}
	})
}

func TestLines(t *testing.T) {
	assert.Equal(t, "1\n2\n…", FirstLines("1\n2\n3\n", 2))
	assert.Equal(t, "1\n2", FirstLines("1\n2\n", 2))
	assert.Equal(t, "2\n3", LastLines("1\n2\n3\n", 2))
	assert.Equal(t, "1", LastLines("1", 2))
	assert.Empty(t, LastLines("", 2))
}

func TestHeadAndTailAreBounded(t *testing.T) {
	h, l := &Head{Max: 10}, &Tail{Max: 10}
	for i := range 100 {
		for _, w := range []interface{ Write([]byte) (int, error) }{h, l} {
			n, err := fmt.Fprintf(w, "%03d", i)
			assert.NoError(t, err)
			assert.Equal(t, 3, n)
		}
	}
	assert.Equal(t, "0000010020", h.String())
	assert.Equal(t, "6097098099", l.String())
	_, _ = l.Write([]byte("more than ten bytes at once"))
	assert.Equal(t, "es at once", l.String())
}
