package load

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestNormalise(t *testing.T) {
	for text, want := range map[string]string{
		"EOF": "EOF",
		"dial tcp 127.0.0.1:8080: connect: connection refused":                     "dial tcp ADDR: connect: connection refused",
		"dial tcp [::1]:8080: connect: connection refused":                         "dial tcp ADDR: connect: connection refused",
		"dial tcp [fe80::1%eth0]:8080: i/o timeout":                                "dial tcp ADDR: i/o timeout",
		"read tcp 172.17.0.1:45678->172.17.0.2:80: read: connection reset by peer": "read tcp ADDR->ADDR: read: connection reset by peer",
		"dial tcp: lookup db.local on 127.0.0.11:53: no such host":                 "dial tcp: lookup db.local on ADDR: no such host",
		"dial tcp: localhost:8080 refused":                                         "dial tcp: ADDR refused",
		`Get "http://127.0.0.1:8080/orders/17?x=y": EOF`:                           `Get "URL": EOF`,
		"unix:///run/x.sock gone":                                                  "URL gone",
		"503 Service Unavailable":                                                  "503 Service Unavailable",
		"500":                                                                      "500",
		"5000 things":                                                              "N things",
		"order 17 not found":                                                       "order N not found",
		"took 1.5s, allowed 1s":                                                    "took Ns, allowed Ns",
		"id 3f9c01abde77 unknown":                                                  "id ID unknown",
		"id 123e4567-e89b-12d3-a456-426614174000 unknown":                          "id ID unknown",
		"at 0xc000123abc":                                                          "at ID",
		"defaced facade deadbeef":                                                  "defaced facade deadbeef",
		"two\nlines\r\n\tof  it ":                                                  "two lines of it",
		"bad \xff\xfe bytes \x00\x1b[31m":                                          "bad bytes [Nm",
		"":                                                                         "",
	} {
		assert.Equal(t, want, normalise(text), "%q", text)
	}
	assert.Len(t, normalise(strings.Repeat("x", 10_000)), maxErrorText)
	assert.True(t, utf8.ValidString(normalise(strings.Repeat("ä", 10_000))))
}

func TestErrorTableListsTheMostFrequent(t *testing.T) {
	var e errorTable
	for i := range 15 {
		for range 100 - i {
			e.add(string(rune('z' - i)))
		}
	}
	top := e.top()
	assert.Equal(t, ErrorCount{"z", 100}, top[0])
	assert.Equal(t, ErrorCount{"q", 91}, top[9])
	assert.Equal(t, []ErrorCount{{OtherErrors, 90 + 89 + 88 + 87 + 86}}, top[10:])
}

func FuzzNormalise(f *testing.F) {
	f.Add("dial tcp 127.0.0.1:8080: connect: connection refused")
	f.Add("404 a://b 1::2 [::1]:80 0x1 deadbeef1")
	f.Add(strings.Repeat("1", 3000) + "\xff")
	f.Fuzz(func(t *testing.T, text string) {
		got := normalise(text)
		assert.LessOrEqual(t, len(got), maxErrorText)
		assert.True(t, utf8.ValidString(got))
		assert.NotContains(t, got, "\n")
		rest := status.ReplaceAllString(got, "")
		assert.False(t, strings.ContainsAny(rest, "0123456789"), "%q → %q", text, got)
		assert.Equal(t, got, normalise(got), "%q", text)
	})
}
