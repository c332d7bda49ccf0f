package container

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/memtest/target"
)

// hanging is a target that takes requests and never answers.
func hanging(t *testing.T) (*Container, route) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(srv.Close)
	addr := srv.Listener.Addr().(*net.TCPAddr)
	c := &Container{spec: Spec{Port: 80, ReadyPath: "/"}, watch: &watch{done: make(chan struct{})}}
	return c, route{host: addr.IP.String(), ports: map[int]int{80: addr.Port}}
}

func TestAwaitReadyHeedsTheEndOfTheContainer(t *testing.T) {
	c, r := hanging(t)
	time.AfterFunc(50*time.Millisecond, func() {
		c.watch.exit = target.Exit{Code: 3, Logs: "no configuration"}
		close(c.watch.done)
	})
	began := time.Now()
	_, err := c.awaitReady(t.Context(), []route{r})
	var exit target.Exit
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 3, exit.Code)
	assert.ErrorContains(t, err, "no configuration")
	assert.Less(t, time.Since(began), probeWait/2, "a probe under way does not hold it up")
}

func TestAwaitReadyHeedsTheCaller(t *testing.T) {
	c, r := hanging(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(errors.New("enough")) })
	_, err := c.awaitReady(ctx, []route{r})
	assert.ErrorContains(t, err, "enough")
}
