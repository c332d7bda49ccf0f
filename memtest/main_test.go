package memtest_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/gobuild"
)

// binaries is a folder that goes with the tests.
var binaries string

func TestMain(m *testing.M) {
	var err error
	if binaries, err = os.MkdirTemp("", "memtest-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(binaries)
	os.Exit(code)
}

var compiled = map[string]func() (string, error){
	"../examples/leaky/server": once("../examples/leaky/server"),
	"./testdata/causes":        once("./testdata/causes"),
}

func once(pkg string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		path := filepath.Join(binaries, filepath.Base(pkg))
		_, err := gobuild.Compile(context.Background(), "", pkg, path)
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
