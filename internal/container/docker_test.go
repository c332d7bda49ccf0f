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

// server is the target of most tests.
func server() Spec {
	return Spec{GoPackage: "./testdata/server", Port: 8080, ReadyPath: "/", ReadyWait: 20 * time.Second}
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

// left are the containers and images that carry this process's label.
func left(t *testing.T) []string {
	t.Helper()
	return leftOf(t, labelRun+"="+self().Run)
}

func leftOf(t *testing.T, label string) []string {
	t.Helper()
	eng, err := dial(t.Context())
	require.NoError(t, err)
	defer eng.Close()
	containers, images, err := eng.labelled(t.Context(), label)
	require.NoError(t, err)
	var all []string
	for id := range containers {
		all = append(all, "container "+id)
	}
	for id := range images {
		all = append(all, "image "+id)
	}
	return all
}

func TestGoPackage(t *testing.T) {
	needDocker(t)
	c := started(t, server())
	assert.Regexp(t, `^http://127\.0\.0\.1:\d+$`, c.URL())
	assert.Equal(t, c.URL(), c.PprofURL())
	assert.Equal(t, "ok\n", get(t, c.URL()))
	get(t, c.URL()+"/tmp")
	require.NoError(t, c.Stop(t.Context()))
	require.NoError(t, c.Stop(t.Context()), "a second Stop")
	assert.Empty(t, left(t))
}
