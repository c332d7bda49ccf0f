package report

import (
	"bytes"
	"encoding/xml"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/memgate/memgate/profile/heap"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var boxes = []heap.Box{
	{Depth: 0, Before: 6 * mib, After: 11 * mib, Weight: 16 * mib},
	{Depth: 1, Func: "net/http.(*conn).serve", Before: 6 * mib, After: 11 * mib, Weight: 15 * mib},
	{Depth: 2, Func: "main.(*store).put", Before: mib, After: 10 * mib, Weight: 10 * mib},
	{Depth: 3, Func: "bytes.growSlice", Before: mib, After: 10 * mib, Weight: 10 * mib},
	{Depth: 2, Func: "shop/cache.(*LRU).Add", Before: 5 * mib, After: mib, Weight: 5 * mib},
	{Depth: 2, Func: "main.thin", Before: 1, After: 1, Weight: 1},
}

func TestFlame(t *testing.T) {
	f := newFlame(boxes)
	require.Len(t, f.Boxes, 5, "what is thinner than a pixel is left out")
	put, lru := f.Boxes[2], f.Boxes[4]
	assert.Equal(t, flameBox{X: 0, Y: 38, Width: 625, Height: 18, TextX: 4, TextY: 51, Fill: shade(0.9), Label: "▲ +9.0 MiB main.(*store).put", Title: "main.(*store).put: 1.0 → 10.0 MiB (+9.0 MiB)"}, put)
	assert.Equal(t, 625.0, lru.X)
	assert.Equal(t, "▼ -4.0 MiB cache.(*LRU).Add", strings.ReplaceAll(lru.Label, "−", "-"))
	assert.NotEqual(t, put.Fill, lru.Fill)
	assert.Equal(t, 4.0*flameRow, f.Height)
	assert.Nil(t, newFlame(nil))
	assert.Nil(t, newFlame([]heap.Box{{Weight: -1}}))
}

// The picture is SVG of presentation attributes alone: no style, no script, no link.
func TestFlameInThePage(t *testing.T) {
	page := string(asHTML(t, &Record{Retained: boxes}))
	at := strings.Index(page, `<svg xmlns="http://www.w3.org/2000/svg" class="flame"`)
	require.Positive(t, at)
	svg := page[at : at+strings.Index(page[at:], "</svg>")+6]
	assert.NotContains(t, svg, "style=")
	assert.NotContains(t, svg, "href")
	assert.NotContains(t, svg, "<script")
	d := xml.NewDecoder(bytes.NewReader([]byte(svg)))
	rects, titles := 0, 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		if e, ok := token.(xml.StartElement); ok {
			switch e.Name.Local {
			case "rect":
				rects++
			case "title":
				titles++
			}
		}
	}
	assert.Equal(t, 5, rects)
	assert.Equal(t, 6, titles)
	assert.NotContains(t, string(asHTML(t, &Record{})), `class="flame"`)
}

func TestFlameOfWhatCannotBe(t *testing.T) {
	many := []heap.Box{{Weight: 1 << 20}}
	for range 5000 {
		many = append(many, heap.Box{Depth: 1, Func: planted, Weight: 1 << 12, After: math.MaxInt64, Before: math.MinInt64})
	}
	deep := []heap.Box{{Weight: 10}}
	for i := range 200 {
		deep = append(deep, heap.Box{Depth: i + 1, Weight: math.MaxInt64})
	}
	wild := []heap.Box{{Weight: 10}, {Depth: -1, Weight: 5}, {Depth: 9, Weight: 5}, {Depth: 0, Weight: 5}, {Depth: 1, Weight: -5}, {Depth: 1, Weight: 500}, {Depth: 1, Weight: 5}}
	for _, list := range [][]heap.Box{many, deep, wild} {
		f := newFlame(list)
		assert.LessOrEqual(t, len(f.Boxes), mostFlame)
		assert.LessOrEqual(t, f.Height, float64(deepest*flameRow))
		for _, b := range f.Boxes {
			assert.LessOrEqual(t, b.X+b.Width, flameWidth+0.2)
			assert.GreaterOrEqual(t, b.X, 0.0)
		}
	}
	assert.Len(t, newFlame(wild).Boxes, 2)
}
