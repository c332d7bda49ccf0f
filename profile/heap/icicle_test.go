package heap

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestIcicle(t *testing.T) {
	series := heaps(t, []uint64{0, 100}, func(i int) []stack {
		n := int64(i)
		return []stack{
			{bytes: 1000 + 9000*n, objects: 1, frames: []string{grow, put, serve}},
			{bytes: 5000 - 4000*n, objects: 1, frames: []string{cache, serve}},
			{bytes: 700, objects: 1, frames: nil},
		}
	})
	boxes, err := Icicle(series[0], series[1])
	require.NoError(t, err)
	assert.Equal(t, []Box{
		{0, "", 6700, 11_700, 15_700},
		{1, "net/http.(*conn).serve", 6000, 11_000, 15_000},
		{2, "main.(*store).put", 1000, 10_000, 10_000},
		{3, "bytes.growSlice", 1000, 10_000, 10_000},
		{2, "shop/cache.(*LRU).Add", 5000, 1000, 5000},
	}, boxes)

	boxes, err = Icicle(Profile{}, series[1])
	require.NoError(t, err)
	assert.Equal(t, Box{0, "", 0, 11_700, 11_700}, boxes[0])
}

func TestIcicleIsBounded(t *testing.T) {
	series := heaps(t, []uint64{0, 100}, func(int) []stack {
		var all []stack
		deep := []string{"main.top /src/f.go:1"}
		for n := range 200 {
			deep = append([]string{fmt.Sprintf("main.d%d /src/f.go:1", n)}, deep...)
		}
		all = append(all, stack{bytes: 1000, objects: 1, frames: deep})
		for n := range 3000 {
			all = append(all, stack{bytes: 10, objects: 1, frames: []string{fmt.Sprintf("main.f%d /src/f.go:1", n), "main.b /src/f.go:1", fmt.Sprintf("main.c%d /src/f.go:1", n%300), "main.a /src/f.go:1"}})
		}
		return all
	})
	boxes, err := Icicle(series[0], series[1])
	require.NoError(t, err)
	assert.LessOrEqual(t, len(boxes), maxBoxes)
	assert.Greater(t, len(boxes), 40)
	assert.Equal(t, int64(31_000), boxes[0].After)
	for _, b := range boxes {
		assert.LessOrEqual(t, b.Depth, maxBoxDepth)
	}
}

func TestIcicleOfWhatCannotBeRead(t *testing.T) {
	_, err := Icicle(Profile{}, Profile{Raw: []byte("<html>")})
	require.ErrorContains(t, err, "draw retained memory: read heap profile taken at 0s: ")
	_, err = Icicle(Profile{}, Profile{Raw: gzipped(t, built(1))})
	require.ErrorContains(t, err, "the profiles hold none")
}
