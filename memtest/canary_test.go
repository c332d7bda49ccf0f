package memtest_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/memtest/target"
)

// canaries are what a heap must keep to itself: kept as a string, a byte slice and a map
// key, in a header, a cookie and a body.
var canaries = []string{"canary-header-5a1c", "canary-cookie-77f0", "canary-body-e93b"}

// TestNoFileOfARunHoldsACanary looks into all that a run leaves behind, and all that it
// says, after the heap that holds the canaries was read.
func TestNoFileOfARunHoldsACanary(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds of real processes, and -short is set")
	}
	if runtime.GOOS != "linux" {
		t.Skip("another process's heap can be read on Linux only")
	}
	t.Run("process", func(t *testing.T) {
		keepsCanaries(t, memtest.Process{Go: "../internal/holders/testdata/shapes", Ready: "/fill", Env: map[string]string{"SHAPE": "secret"}})
	})
	t.Run("container", func(t *testing.T) {
		memtest.SkipWithoutDocker(t)
		keepsCanaries(t, memtest.Image{
			Go: "../internal/holders/testdata/shapes", Port: 8080, Ready: "/fill", Env: map[string]string{"SHAPE": "secret", "ADDR": ":8080"},
		})
	})
}

func keepsCanaries(t *testing.T, target target.Target) {
	dir := t.TempDir()
	t.Setenv("MEMTEST_DIR", dir)
	t.Setenv("MEMTEST_FORMS", "all")
	f := &fakeTest{ctx: t.Context(), name: "TestCanary"}
	r := memtest.Run(f, memtest.Scenario{
		Target: target, HeapWalk: memtest.HeapWalkRequired,
		Load: load.Plan{Rate: 200, Duration: 6 * time.Second, Requests: []load.Request{{
			Method: http.MethodPost, Path: "/x", Body: []byte(canaries[2]),
			Header: http.Header{"X-Secret": {canaries[0]}, "Cookie": {"s=" + canaries[1]}},
		}}},
		Warmup: time.Second, Settle: -1, MaxDuration: -1,
	})
	memtest.NoLeak(f, r)
	for _, cleanup := range f.cleanups {
		cleanup()
	}
	require.NotNil(t, r)
	require.NotEmpty(t, r.Retainers, "the heap was read: %s", r.RetainersWhyNot)

	texts := map[string][]byte{"what the test said": []byte(strings.Join(append(f.logs, f.errors...), "\n"))}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			texts[path], err = os.ReadFile(path)
		}
		return err
	}))
	kinds := map[string]bool{}
	for path, text := range texts {
		kinds[filepath.Ext(path)] = true
		for _, form := range unpacked(t, text) {
			for _, canary := range canaries {
				for _, as := range []string{canary, hex.EncodeToString([]byte(canary)), base64.StdEncoding.EncodeToString([]byte(canary))[:20]} {
					assert.NotContains(t, string(form), as, path)
				}
			}
		}
	}
	for _, ext := range []string{".html", ".json", ".md", ".gz", ".csv", ".prom", ".txt"} {
		assert.True(t, kinds[ext], "a file %s is among what was looked into: %v", ext, kinds)
	}
}

var recordInPage = regexp.MustCompile(`"record":"([A-Za-z0-9_-]+)"`)

// unpacked is a file's text, and what is packed in it.
func unpacked(t *testing.T, text []byte) [][]byte {
	t.Helper()
	all := [][]byte{text}
	packed := text
	if m := recordInPage.FindSubmatch(text); m != nil {
		var err error
		packed, err = base64.RawURLEncoding.DecodeString(string(m[1]))
		require.NoError(t, err)
	}
	if bytes.HasPrefix(packed, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(packed))
		require.NoError(t, err)
		plain, err := io.ReadAll(z)
		require.NoError(t, err)
		all = append(all, plain)
	}
	return all
}
