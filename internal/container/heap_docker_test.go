package container

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/golang"
	"github.com/memgate/memgate/internal/retain"
)

const secret = "canary-51be77-do-not-tell"

// shaped starts a container of a program that leaks in that shape.
func shaped(t *testing.T, shape string) *Container {
	t.Helper()
	needDocker(t)
	c := started(t, Spec{
		GoPackage: "../holders/testdata/shapes", Port: 8080, ReadyPath: "/fill",
		Env: map[string]string{"SHAPE": shape, "ADDR": ":8080"},
	})
	t.Cleanup(func() {
		if t.Failed() {
			logs, err := c.Logs(context.Background(), 40)
			t.Log("the target's last words:", logs, err)
		}
	})
	return c
}

func leakInto(t *testing.T, c *Container, n int) {
	t.Helper()
	for range n {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL()+"/x", nil)
		require.NoError(t, err)
		req.Header.Set("X-Secret", secret)
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
	}
}

// growth is what the runtime's heap makes of 300 requests.
func growth(t *testing.T, c *Container, runtime *golang.Runtime) retain.Growth {
	t.Helper()
	const requests = 300
	early, err := runtime.Walk(t.Context())
	if errors.Is(err, fs.ErrPermission) {
		t.Skip(err)
	}
	require.NoError(t, err)
	leakInto(t, c, requests)
	late, err := runtime.Walk(t.Context())
	require.NoError(t, err)
	text, err := json.Marshal([]any{early, late})
	require.NoError(t, err)
	assert.NotContains(t, string(text), secret[:10])
	t.Logf("target stood for %v and %v, %d paths", early.Stopped, late.Stopped, len(late.Nodes))
	return retain.Grow(early, late, requests, "Go heap")
}

// TestHoldersInContainers: read from this process, and from a container beside the
// target as an ordinary user would, the same holder is found.
func TestHoldersInContainers(t *testing.T) {
	for _, tt := range []struct{ shape, holder string }{
		{"server", "main.server.sessions"},
		{"goroutine", "main.worker [chan receive], started by main.handlers.func3"},
		{"secret", "main.worker [chan receive], started by main.keepSecret"},
		{"healthy", ""},
	} {
		t.Run(tt.shape, func(t *testing.T) {
			c := shaped(t, tt.shape)
			leakInto(t, c, 50)
			t.Run("from here", func(t *testing.T) {
				runtime := golang.New(golang.Spec{PID: c.PID})
				defer func() { assert.NoError(t, runtime.Close(t.Context())) }()
				holderIs(t, tt.holder, growth(t, c, runtime))
			})
			t.Run("from beside", func(t *testing.T) {
				var program *Companion
				runtime := golang.New(golang.Spec{
					PID: func(context.Context) (int, error) { return 0, errors.New("as an ordinary user") },
					Beside: func(ctx context.Context, goPackage string) (_ golang.Companion, err error) {
						program, err = c.Companion(ctx, goPackage)
						return program, err
					},
				})
				defer func() { assert.NoError(t, runtime.Close(t.Context())) }()
				holderIs(t, tt.holder, growth(t, c, runtime))
				said, err := program.Run(t.Context())
				require.NoError(t, err)
				assert.NotContains(t, string(said), secret[:10], "the reader's own words")
			})
		})
	}
}

func holderIs(t *testing.T, want string, g retain.Growth) {
	t.Helper()
	if want == "" {
		assert.Empty(t, g.Holders)
		return
	}
	require.NotEmpty(t, g.Holders, g.WhyNot)
	assert.Equal(t, want, g.Holders[0].Name)
}
