package report_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/fixture"
	"github.com/memgate/memgate/report"
)

func TestMaskText(t *testing.T) {
	const c = "cAnArY4711"
	for _, leaky := range []string{
		"postgres://admin:" + c + "@db:5432/shop",
		"https://" + c + "@example.org/",
		`Get "http://127.0.0.1:80/x?page=2&key=` + c + `": EOF`,
		"http://127.0.0.1/x?" + c,
		"http://127.0.0.1/x?a=b#access_token=" + c,
		"GET /orders?session=" + c + " 200",
		"admin:" + c + "@tcp(db:3306)/shop",
		"Authorization: Bearer " + c,
		`"authorization": "Basic ` + c + `"`,
		"map[Authorization:[Bearer " + c + "] Accept:[*/*]]",
		"Set-Cookie: id=1; sid=" + c + "; Path=/",
		"X-Api-Key: " + c,
		"DB_PASSWORD=" + c,
		`{"password":"` + c + `","user":"x"}`,
		`{"password":"a \"` + c + `\" b"}`,
		"client_secret='" + c + "'",
		"api-key: " + c,
		"run with --password " + c,
		"run with -token=" + c,
		"sent bearer " + c,
		"eyJhbGciOiJIUzI1NiJ9." + c + "." + c,
		"ghp_aaaaaaaaaaaaaaaaaaaa" + c,
		"-----BEGIN RSA PRIVATE KEY-----\n" + c + "\n-----END RSA PRIVATE KEY-----",
		"-----BEGIN PRIVATE KEY-----\n" + c,
	} {
		masked := report.MaskText(leaky)
		assert.NotContains(t, masked, c, leaky)
		assert.Contains(t, masked, "•••")
		assert.Equal(t, masked, report.MaskText(masked), "what is masked stays as it is")
	}
	assert.Contains(t, report.MaskText("Authorization: Bearer x\nnext line"), "\nnext line")
	assert.Equal(t, "http://127.0.0.1/x?page="+"•••"+"&"+"•••", report.MaskText("http://127.0.0.1/x?page=2&"+c))
	for _, plain := range []string{
		"", "peak working set", "≤ 48.0 MiB", "63.2 MiB (+15.2, 132%) at 01:12, 200 req/s", "http://127.0.0.1:32768", "main.(*tokenStore).put token.go:88",
		"read tcp 127.0.0.1:N->127.0.0.1:N: connection reset by peer", "panic: runtime error: index out of range [3] with length 2", "sha256:8d1c0ffee5f0c9d2f1f0b9a7",
		"go test -count=1 -run '^TestToken$/^a=b$' example.org/x", "author: somebody", "-9,223", "orders/token_mem_test.go",
	} {
		assert.Equal(t, plain, report.MaskText(plain))
	}
}

// TestMaskOfValues: a value that is known to be secret is found wherever it stands.
func TestMaskOfValues(t *testing.T) {
	r := &report.Record{Notes: []report.Finding{{Summary: "connected as hunter2! (hunter2!!)", Logs: "a hunter2! b"}}, Name: "x"}
	r.Mask("hunter2!", "hunter2!!", "x", "")
	assert.Equal(t, "connected as "+"•••"+" ("+"•••"+")", r.Notes[0].Text())
	assert.Equal(t, "a "+"•••"+" b", r.Notes[0].Logs)
	assert.Equal(t, "x", r.Name, "too short to be told from a word")
}

func TestMaskKeepsEverythingElse(t *testing.T) {
	r := fixture.Full(t)
	before := reflect.ValueOf(*r).Interface().(report.Record)
	r.Mask()
	assert.Equal(t, before, *r)
	assert.False(t, strings.Contains(string(fixture.JSON(t, r)), "•••"))
}

func FuzzMaskText(f *testing.F) {
	for _, s := range []string{"", "a://b:c@d?e=f&g", "Cookie: x\ny", `{"token":"x\"y"}`, "-----BEGIN PRIVATE KEY-----", "--token x", "\xff=\xfe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := report.MaskText(s)
		require.Equal(t, once, report.MaskText(once), "what is masked stays as it is")
	})
}
