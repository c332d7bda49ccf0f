package page

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/memgate/memgate/internal/fixture"
	"github.com/memgate/memgate/internal/golden"
	"github.com/memgate/memgate/internal/text"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

func TestHTMLOfHostileText(t *testing.T) {
	runs := map[string]*report.Record{"all": fixture.Hostile(), "ended": fixture.Hostile(), "no phases": fixture.Hostile()}
	runs["ended"].Notes[0].Fatal = true
	runs["no phases"].HeapProfiles = nil
	for name, r := range runs {
		t.Run(name, func(t *testing.T) {
			page := asHTML(t, r)
			root, err := html.Parse(bytes.NewReader(page))
			require.NoError(t, err)
			golden.Walk(root, func(n *html.Node) { checkNode(t, n) })
			shown := strings.Count(textOf(root), "<img src=x onerror=alert(1)>")
			assert.Greater(t, shown, 50, "the planted written is there to be read, as text")
			assert.Contains(t, textOf(root), "⟨U+202E⟩txt.exe⟨U+2066⟩␀␛[31m␡⟨U+200B⟩⟨U+2028⟩�")
			back, err := report.Read(bytes.NewReader(page))
			require.NoError(t, err)
			assert.Contains(t, back.Name, "\u202etxt.exe", "the record itself is not altered")
		})
	}
}

// elements are all that a page is made of.
var elements = strings.Fields("html head meta title style body header main footer h1 h2 p strong span div dl dt dd figure figcaption " +

	"table caption thead tbody tr th td details summary ol li code pre script svg g desc rect path text")

func checkNode(t *testing.T, n *html.Node) {
	switch n.Type {
	case html.TextNode:
		if n.Parent.Data != "script" {
			assert.False(t, strings.ContainsFunc(n.Data, text.Invisible), "%q", n.Data)
		}
	case html.ElementNode:
		assert.Contains(t, elements, n.Data)
		if n.Data == "script" && len(n.Attr) == 0 {
			assert.Equal(t, chartScript, n.FirstChild.Data)
		} else if n.Data == "script" {
			assert.Equal(t, []html.Attribute{{Key: "type", Val: "application/json"}, {Key: "id", Val: "record"}}, n.Attr)
		}
		for _, a := range n.Attr {
			assert.NotContains(t, []string{"style", "src", "href", "xlink:href", "srcset", "action", "data", "background"}, a.Key, "<%s>", n.Data)
			assert.False(t, strings.HasPrefix(a.Key, "on"), "<%s %s>", n.Data, a.Key)
			assert.NotContains(t, a.Val, "onerror")
			assert.NotContains(t, a.Val, "url(")
		}
	case html.CommentNode:
		t.Errorf("comment %q", n.Data)
	}
}

func textOf(n *html.Node) string {
	var b strings.Builder
	golden.Walk(n, func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	})
	return b.String()
}

func TestTextOfHostileText(t *testing.T) {
	r := fixture.Hostile()
	r.Name = "two\nlines" + r.Name
	for range 30 {
		r.Checks = append(r.Checks, report.Check{Rule: "r\n", Outcome: report.Passed}, report.Check{Rule: "b"})
	}
	for range 9 {
		r.Sites = append(r.Sites, r.Sites[0])
	}
	written := string(asText(t, r))
	assert.False(t, strings.ContainsFunc(written, text.Invisible), "%q", written)
	assert.LessOrEqual(t, strings.Count(written, "\n"), mostLines)
	assert.Contains(t, written, "two␊lines")
	assert.Contains(t, written, "more rules failed")
}

// TestImpossibleNumbers draws what no run can measure: a page must come of it.
func TestImpossibleNumbers(t *testing.T) {
	extreme := fixture.Full(t)
	set := func(v reflect.Value, n int64) {
		numbers(v, func(v reflect.Value) {
			switch v.Kind() {
			case reflect.Int64, reflect.Int:
				v.SetInt(n)
			case reflect.Uint64:
				v.SetUint(uint64(n))
			case reflect.Float64:
				v.SetFloat(float64(n) * math.MaxInt64)
			}
		})
	}
	for _, n := range []int64{math.MaxInt64, math.MinInt64, -1, 0, 1} {
		set(reflect.ValueOf(extreme).Elem(), n)
		extreme.Trend.Verdict = leak.Leaking
		page := string(asHTML(t, extreme))
		assert.NotRegexp(t, `(x|y|d|at|width|height)="[^"]*(NaN|Inf)`, page, "n = %d", n)
		asText(t, extreme)
		extreme.Evidence()
	}
	nan := fixture.Leaking()
	nan.Trend.PerRequest.Lo, nan.Load.Rate, nan.Sites[0].PerRequest = math.NaN(), math.Inf(1), math.NaN()
	assert.Contains(t, string(asHTML(t, nan)), "The record is not in this file")
	asText(t, nan)
}

// numbers calls do with every number in v.
func numbers(v reflect.Value, do func(reflect.Value)) {
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			numbers(v.Index(i), do)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				numbers(v.Field(i), do)
			}
		}
	default:
		do(v)
	}
}
