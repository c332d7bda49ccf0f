package memtest_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/faketarget"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/report/page"
)

func TestMeasureNamesGoroutinesThatStay(t *testing.T) {
	t.Parallel()
	r := measured(t, &faketarget.Target{Retains: 1000, Parks: true})
	require.Len(t, r.Goroutines, 1)
	g := r.Goroutines[0]
	assert.Equal(t, "main.wait", g.Func)
	assert.InEpsilon(t, 1, g.PerRequest, 0.05)
	assert.InDelta(t, 7000, g.Leaked, 10, "as the runtime knew at the end, with those of the warm-up")
	assert.Len(t, r.GoroutineProfiles, 6, "at the moments of heap profiles")
	assert.ErrorContains(t, memtest.CheckLeak(r), "goroutines, 1.00/request, in main.wait wait.go:7")

	var text, html bytes.Buffer
	require.NoError(t, page.Text(&text, r))
	assert.Contains(t, text.String(), "waits   +")
	require.NoError(t, page.HTML(&html, r))
	assert.Contains(t, html.String(), "Goroutines that grew in number")

	assert.Empty(t, measured(t, &faketarget.Target{}).Goroutines)
}

func TestMeasureGoesOnWithoutGoroutineProfiles(t *testing.T) {
	t.Parallel()
	r := measured(t, &faketarget.Target{Retains: 1000, StacksErr: errors.New("GET /debug/pprof/goroutine: 401")})
	require.Len(t, r.Notes, 1, "it is said once")
	assert.Equal(t, "the run goes on without goroutine profiles: GET /debug/pprof/goroutine: 401", r.Notes[0].Text())
	assert.Len(t, r.HeapProfiles, 6)
	assert.Empty(t, r.GoroutineProfiles)
}
