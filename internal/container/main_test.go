package container

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain removes what the tests share, and what children that they killed have left.
func TestMain(m *testing.M) {
	code := m.Run()
	if sharedMade {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		_, _ = Sweep(ctx)
		removeOwn(ctx)
		cancel()
	}
	os.Exit(code)
}

var sharedMade bool

// shared builds the tests' server once; nearly all of them only start it.
var shared = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	eng, err := dial(ctx)
	if err != nil {
		return "", err
	}
	defer eng.Close()
	sharedMade = true
	item := "shared-" + strings.ToLower(self().Run)
	img, err := eng.image(ctx, Spec{GoPackage: "./testdata/server"}, item)
	return img.ref, err
})

// server is the target of most tests.
func server(t *testing.T) Spec {
	t.Helper()
	needDocker(t)
	ref, err := shared()
	require.NoError(t, err)
	return Spec{Ref: ref, Port: 8080, ReadyPath: "/", ReadyWait: 20 * time.Second}
}

// requireNothingLeft compares what this process owns with what it owned.
func requireNothingLeft(t *testing.T, before []string) {
	t.Helper()
	require.ElementsMatch(t, before, left(t))
	temps, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	for _, e := range temps {
		o, ours := ownerOfTemp(e.Name())
		require.False(t, ours && o == self(), fmt.Sprintf("temporary folder %s is left", e.Name()))
	}
}
