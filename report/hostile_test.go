package report

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
)

// planted is what a hostile target could put into a name, a log or an error.
const planted = "</script></style></title></svg>--><img src=x onerror=alert(1)>\" onload='x' {{.}} `javascript:`\u202etxt.exe\u2066\x00\x1b[31m\x7f\u200b\u2028\xff"

// hostileRun has planted in every string.
func hostileRun() *Record {
	r := leakingRun()
	plant(reflect.ValueOf(r).Elem())
	r.Checks = append(r.Checks, Check{Rule: planted, OK: true})
	return r
}

func plant(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + planted) // what is told apart by its start still is
	case reflect.Slice:
		if v.Len() == 0 && v.CanSet() {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		for i := range v.Len() {
			plant(v.Index(i))
		}
	case reflect.Map:
		elem := reflect.New(v.Type().Elem()).Elem()
		v.SetMapIndex(reflect.ValueOf(planted).Convert(v.Type().Key()), elem)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Type != reflect.TypeFor[profile.Series]() && f.Name != "Started" {
				plant(v.Field(i))
			}
		}
	}
}

func TestHTMLOfHostileText(t *testing.T) {
	runs := map[string]*Record{"all": hostileRun(), "ended": hostileRun(), "no phases": hostileRun()}
	runs["ended"].Notes[0].Fatal = true
	runs["no phases"].Heaps = nil
	for name, r := range runs {
		t.Run(name, func(t *testing.T) {
			page := asHTML(t, r)
			root, err := html.Parse(bytes.NewReader(page))
			require.NoError(t, err)
			walk(root, func(n *html.Node) { checkNode(t, n) })
			shown := strings.Count(textOf(root), "<img src=x onerror=alert(1)>")
			assert.Greater(t, shown, 50, "the planted text is there to be read, as text")
			assert.Contains(t, textOf(root), "⟨U+202E⟩txt.exe⟨U+2066⟩␀␛[31m␡⟨U+200B⟩⟨U+2028⟩�")
			back, err := Read(bytes.NewReader(page))
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
			assert.False(t, strings.ContainsFunc(n.Data, invisible), "%q", n.Data)
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

func walk(n *html.Node, see func(*html.Node)) {
	see(n)
	for c := range n.ChildNodes() {
		walk(c, see)
	}
}

func textOf(n *html.Node) string {
	var b strings.Builder
	walk(n, func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	})
	return b.String()
}

func TestTextOfHostileText(t *testing.T) {
	r := hostileRun()
	r.Name = "two\nlines" + r.Name
	for range 30 {
		r.Checks = append(r.Checks, Check{Rule: "r\n", OK: true}, Check{Rule: "b"})
	}
	for range 9 {
		r.Growth = append(r.Growth, r.Growth[0])
	}
	text := string(asText(t, r))
	assert.False(t, strings.ContainsFunc(text, invisible), "%q", text)
	assert.LessOrEqual(t, strings.Count(text, "\n"), mostLines)
	assert.Contains(t, text, "two␊lines")
	assert.Contains(t, text, "more rules failed")
}

// TestImpossibleNumbers draws what no run can measure: a page must come of it.
func TestImpossibleNumbers(t *testing.T) {
	extreme := everyField(t)
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
	nan := leakingRun()
	nan.Trend.PerRequest.Lo, nan.Load.Rate, nan.Growth[0].PerRequest = math.NaN(), math.Inf(1), math.NaN()
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

func TestVisibleText(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "",
		"naïve 日本 → ✓\tx\ny":   "naïve 日本 → ✓\tx\ny",
		"\x00\x1b\r\x7f\u0085": "␀␛␍␡⟨U+0085⟩",
		"\u202e\u2066\u200f":   "⟨U+202E⟩⟨U+2066⟩⟨U+200F⟩",
		"a\u200bb\ufeff\u00ad": "a⟨U+200B⟩b⟨U+FEFF⟩⟨U+00AD⟩",
		"x\U000e0041":          "x⟨U+E0041⟩",
		"bad \xff":             "bad �",
	} {
		assert.Equal(t, want, visibleText(in))
		assert.Equal(t, want, visibleText(visibleText(in)))
	}
	assert.False(t, unicode.IsControl('␀'))
}
