package memtest_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/gobuild"
)

// binaries makes a folder that goes with the tests, for those that ask: children of the
// tests are killed, and would leave it.
var binaries = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "memtest-test-") })

var asked atomic.Bool

// TestMain collects garbage less often than a program does by default: simulated requests
// are nearly all garbage, and collecting it took a quarter of the tests' time.
const mebi = 1 << 20

func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	code := m.Run()
	if asked.Load() {
		dir, _ := binaries()
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

var compiled = map[string]func() (string, error){
	"../examples/leaky/server": once("../examples/leaky/server"),
	"./testdata/causes":        once("./testdata/causes"),
}

func once(pkg string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		asked.Store(true)
		dir, err := binaries()
		if err != nil {
			return "", err
		}
		path := filepath.Join(dir, filepath.Base(pkg))
		_, err = gobuild.Compile(context.Background(), "", pkg, path)
		return path, err
	})
}

// program is a Go main package compiled once for all tests: linking it takes longer than
// what most of them do with it.
func program(t *testing.T, pkg string) []string {
	t.Helper()
	path, err := compiled[pkg]()
	require.NoError(t, err)
	return []string{path}
}
