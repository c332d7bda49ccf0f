package container

import (
	"context"
	"io"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/owner"
)

// needDocker skips a test that needs an engine where there is none, unless
// MEMTEST_REQUIRE_DOCKER=1 says that there must be one.
func needDocker(t *testing.T) {
	t.Helper()
	if os.Getenv("MEMTEST_REQUIRE_DOCKER") == "1" {
		return
	}
	if testing.Short() {
		t.Skip("needs a container engine: not in -short")
	}
	if err := Available(t.Context()); err != nil {
		t.Skip(err)
	}
}

// started starts a container that is stopped at the test's end, at the latest.
func started(t *testing.T, s Spec) *Container {
	t.Helper()
	c, err := Start(t.Context(), s)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Stop(context.Background())) })
	return c
}

func get(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, 200, res.StatusCode, string(body))
	return string(body)
}

// left are the containers and images of this process.
func left(t *testing.T) []string {
	t.Helper()
	return leftOf(t, owner.Self().Run)
}

func leftOf(t *testing.T, run string) []string {
	t.Helper()
	eng, err := dial(t.Context())
	require.NoError(t, err)
	defer eng.Close()
	containers, images, err := eng.labelled(t.Context())
	require.NoError(t, err)
	var all []string
	for kind, items := range map[string]map[string]map[string]string{"container": containers, "image": images} {
		for id, labels := range items {
			if o, _ := owner.Parse(labels[label]); o.Run == run {
				all = append(all, kind+" "+id)
			}
		}
	}
	return all
}

// waitUntil polls for what cannot be awaited.
func waitUntil(t *testing.T, ok func() bool, what string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal("never: " + what)
}
