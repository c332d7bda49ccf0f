package load

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTransportKeepsNothingOfAnExchange(t *testing.T) {
	var ctx context.Context
	tr := &transport{answers: t.Context(), timeout: time.Hour,
		base: roundTripFunc(func(r *http.Request) (*http.Response, error) {
			ctx = r.Context()
			return &http.Response{Body: io.NopCloser(strings.NewReader("hello"))}, nil
		})}
	req, err := http.NewRequest("GET", base, nil)
	require.NoError(t, err)
	req.Header.Set(seqHeader, "7")
	resp, err := tr.RoundTrip(req)
	require.NoError(t, err)
	require.NoError(t, ctx.Err())
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.ErrorIs(t, ctx.Err(), context.Canceled, "its timer is released")
	assert.Equal(t, "7", req.Header.Get(seqHeader), "a RoundTripper must not change its request")

	assert.Nil(t, tr.take(8))
	assert.Equal(t, uint64(5), tr.take(7).bytes)
	assert.Nil(t, tr.take(7))
	assert.Empty(t, tr.exchanges)
}
