package chart

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/fixture"
	"github.com/memgate/memgate/profile/heap"
)

func TestFlame(t *testing.T) {
	f := NewFlame(fixture.Boxes)
	require.Len(t, f.Boxes, 5, "what is thinner than a pixel is left out")
	put, lru := f.Boxes[2], f.Boxes[4]
	assert.Equal(t, flameBox{X: 0, Y: 38, Width: 625, Height: 18, TextX: 4, TextY: 51, Fill: shade(0.9), Label: "▲ +9.0 MiB main.(*store).put", Title: "main.(*store).put: 1.0 → 10.0 MiB (+9.0 MiB)"}, put)
	assert.Equal(t, 625.0, lru.X)
	assert.Equal(t, "▼ -4.0 MiB cache.(*LRU).Add", strings.ReplaceAll(lru.Label, "−", "-"))
	assert.NotEqual(t, put.Fill, lru.Fill)
	assert.Equal(t, 4.0*flameRow, f.Height)
	assert.Nil(t, NewFlame(nil))
	assert.Nil(t, NewFlame([]heap.Box{{Weight: -1}}))
}

func TestFlameOfWhatCannotBe(t *testing.T) {
	many := []heap.Box{{Weight: 1 << 20}}
	for range 5000 {
		many = append(many, heap.Box{Depth: 1, Func: fixture.Planted, Weight: 1 << 12, After: math.MaxInt64, Before: math.MinInt64})
	}
	deep := []heap.Box{{Weight: 10}}
	for i := range 200 {
		deep = append(deep, heap.Box{Depth: i + 1, Weight: math.MaxInt64})
	}
	wild := []heap.Box{{Weight: 10}, {Depth: -1, Weight: 5}, {Depth: 9, Weight: 5}, {Depth: 0, Weight: 5}, {Depth: 1, Weight: -5}, {Depth: 1, Weight: 500}, {Depth: 1, Weight: 5}}
	for _, list := range [][]heap.Box{many, deep, wild} {
		f := NewFlame(list)
		assert.LessOrEqual(t, len(f.Boxes), mostFlame)
		assert.LessOrEqual(t, f.Height, float64(deepest*flameRow))
		for _, b := range f.Boxes {
			assert.LessOrEqual(t, b.X+b.Width, flameWidth+0.2)
			assert.GreaterOrEqual(t, b.X, 0.0)
		}
	}
	assert.Len(t, NewFlame(wild).Boxes, 2)
}
