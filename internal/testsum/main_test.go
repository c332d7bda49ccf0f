package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSummary(t *testing.T) {
	const skip = `{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a.go:1: memtest: skipped: reach container engine at unix:///x: no\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
`
	const fail = `{"Action":"output","Package":"p","Test":"TestB","Output":"    b.go:1: wrong\n"}
{"Action":"fail","Package":"p","Test":"TestB"}
`
	const other = `{"Action":"output","Package":"p","Test":"TestC","Output":"    c.go:1: not on this system\n"}
{"Action":"skip","Package":"p","Test":"TestC"}
{"Action":"output","Package":"p","Test":"TestD","Output":"hidden\n"}
{"Action":"pass","Package":"p","Test":"TestD"}
`
	const end = `{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}
`
	for name, tt := range map[string]struct {
		events, want string
		passed       bool
	}{
		"all passed": {other + end, "ok  \tp\t0.1s\n", true},
		"skipped":    {skip + skip + other + end, "ok  \tp\t0.1s\n2 tests on containers were skipped: no container engine answers (start Docker, or set DOCKER_HOST; MEMTEST_REQUIRE_DOCKER=1 makes that a failure)\n", true},
		"failed":     {fail + end, "    b.go:1: wrong\nok  \tp\t0.1s\n", false},
		"panic":      {strings.Split(fail, "\n")[0], "    b.go:1: wrong\n", true}, // go test itself fails
		"compiler":   {"# p\nx.go:1: undefined\n", "# p\nx.go:1: undefined\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			s := summary{out: &out, said: map[string][]string{}}
			require.NoError(t, s.read(strings.NewReader(tt.events)))
			assert.Equal(t, tt.passed, s.close())
			assert.Equal(t, tt.want, out.String())
		})
	}
}
