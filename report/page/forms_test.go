package page

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/chart"
	"github.com/memgate/memgate/internal/embedded"
	"github.com/memgate/memgate/internal/fixture"
	"github.com/memgate/memgate/internal/golden"
	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

func TestFormsGolden(t *testing.T) {
	for name, run := range fixture.Stories {
		t.Run(name, func(t *testing.T) {
			r := run()
			golden.Check(t, name+".md", []byte(golden.Written(t, func(w io.Writer) error { return Markdown(w, r) })))
			golden.Check(t, name+".bench.txt", []byte(golden.Written(t, r.Bench)))
			golden.Check(t, name+".prom", []byte(golden.Written(t, r.OpenMetrics)))
			golden.Check(t, name+".annotations.txt", []byte(golden.Written(t, func(w io.Writer) error { return Annotations(w, r) })))
		})
	}
}

func TestMarkdownOfHostileText(t *testing.T) {
	r := fixture.Hostile()
	r.Name = "a|b\n# title <b> @team [x](javascript:y) www.x.y ![i](z) `c` " + r.Name
	text := golden.Written(t, func(w io.Writer) error { return Markdown(w, r) })
	for _, bad := range []string{"<img", "<b>", "@team", "](", "www.", "http://", "\n# ", "`", "\u202e", "\x00"} {
		assert.NotContains(t, text, bad)
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| ✓") || strings.HasPrefix(line, "| ✗") {
			assert.Equal(t, 6, strings.Count(line, "|"), line)
		}
	}
}

func TestAnnotationsOfHostileText(t *testing.T) {
	r := fixture.Hostile()
	for i := range r.Checks {
		r.Checks[i].Outcome, r.Checks[i].Detail = report.Failed, "first\n::set-output name=x::y\r\n::error::z"
		r.Checks[i].File = "a,line=1::b\n::stop"
	}
	text := golden.Written(t, func(w io.Writer) error { return Annotations(w, r) })
	for line := range strings.Lines(text) {
		assert.True(t, strings.HasPrefix(line, "::error "), line)
	}
	assert.Contains(t, text, "file=a%2Cline=1%3A%3Ab␊%3A%3Astop,line=")
	assert.Contains(t, text, "::first%0A::set-output")
}

func TestAttributesAreLines(t *testing.T) {
	for _, a := range Attributes(fixture.Hostile()) {
		assert.NotContains(t, a[0], " ")
		assert.NotContains(t, a[0]+a[1], "\n", "testing fails a test for it")
	}
	assert.Contains(t, Attributes(fixture.Leaking()), [2]string{"memgate.verdict", "failed"})
	assert.Contains(t, Attributes(fixture.Leaking()), [2]string{"memgate.growth-B/req", "1890"})
}

// TestNoFormHoldsASecret plants a canary and looks for it in all that can be written.
func TestNoFormHoldsASecret(t *testing.T) {
	const canary = "cAnArY4711"
	r := fixture.Spilled(canary)
	for name, form := range forms(r) {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, form(&b))
			require.NotZero(t, b.Len())
			assert.NotContains(t, b.String(), canary)
			if name == "HTML" {
				assert.NotContains(t, string(unpacked(t, b.Bytes())), canary)
			}
		})
	}
}

// unpacked is the record in a page, as JSON.
func unpacked(t *testing.T, page []byte) []byte {
	_, after, found := bytes.Cut(page, []byte(embedded.Marker))
	require.True(t, found)
	inside, _, _ := bytes.Cut(after, []byte("</script>"))
	var e embedded.Data
	require.NoError(t, json.Unmarshal(inside, &e))
	packed, err := base64.RawURLEncoding.DecodeString(e.Record)
	require.NoError(t, err)
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	data, err := io.ReadAll(zip)
	require.NoError(t, err)
	return data
}

// A goroutine more or less in a whole run is noise.
func TestGoroutinesThatSayNothingAreLeftOut(t *testing.T) {
	grown := []heap.GoroutineGrowth{
		{Func: "main.wait", File: "main.go", Line: 57, Count: 4012, PerRequest: 1, State: "chan receive"},
		{Func: "main.stuck", Count: 1, PerRequest: 0.0003, Leaked: 1},
		{Func: "net/http.(*conn).serve", Count: 2, PerRequest: 0.0004},
	}
	assert.Equal(t, []string{
		"+4,012 goroutines, 1.00/request, in main.wait main.go:57 (chan receive)",
		"+1 goroutines, 0.00/request, in main.stuck ; the runtime knows 1 to wait for ever",
	}, tell.Goroutines(grown, 5))
	page := string(asHTML(t, &report.Record{Goroutines: grown}))
	assert.Contains(t, page, "<code>main.stuck</code>")
	assert.NotContains(t, page, "<code>net/http.(*conn).serve</code>")
	assert.NotContains(t, string(asHTML(t, &report.Record{Goroutines: grown[2:]})), "Goroutines that grew in number")
}

// Of several findings a line of text names the weightiest, as what it is.
func TestNoteInWords(t *testing.T) {
	longer := report.Finding{Kind: report.Extended, At: 9 * time.Second, Summary: "the load goes on for 8s: it is inconclusive"}
	short := report.Finding{Kind: report.Warning, At: 12 * time.Second, Summary: "the CPU was short"}
	pinned := report.Finding{Kind: report.Pinned, Summary: "the target was pinned"}
	died := report.Finding{Kind: report.Exited, Fatal: true, Summary: "it died"}
	for want, notes := range map[string][]report.Finding{
		"": {died},
		"longer  the load goes on for 8s: it is inconclusive at 00:09": {died, longer},
		"warning the CPU was short at 00:12 (1 more)":                  {longer, short},
		"pinned  the target was pinned at 00:00 (2 more)":              {longer, short, pinned},
	} {
		r := &report.Record{Notes: notes}
		var said string
		if kind, line := tell.Note(r); line != "" {
			said = fmt.Sprintf("%-7s %s", tell.NoteName(kind), line)
		}
		assert.Equal(t, want, said)
	}
	var b strings.Builder
	assert.NoError(t, Markdown(&b, &report.Record{Notes: []report.Finding{longer}}))
	assert.Contains(t, b.String(), "ℹ️ the load goes on")
	drawn := chart.New(&report.Record{Phases: []report.Phase{{To: time.Minute}}, Samples: profile.Series{{}, {At: time.Minute}}, Notes: []report.Finding{longer, short}}, false)
	assert.Len(t, drawn.Warnings, 1, "an extension is no warning")
}

func TestReadRefusesDamagedHTML(t *testing.T) {
	page := string(asHTML(t, fixture.Killed()))
	before, data, found := strings.Cut(page, `"record":"`)
	require.True(t, found)
	for name, c := range map[string]struct{ page, want string }{
		"cut in the head":   {page[:200], "no record is embedded"},
		"cut in the record": {page[:len(before)+500], "no record is embedded"},
		"no JSON":           {before + data, "is damaged"},
		"no base64":         {before + `"record":"%%` + data, "is damaged"},
		"no gzip":           {before + `"record":"AAAA` + data, "is damaged"},
		"bit flipped":       {before + `"record":"` + data[:400] + flip(data[400]) + data[401:], "damaged"},
		"other encoding":    {strings.Replace(page, embedded.Encoding, "zstd", 1), "is not encoded as gzip+base64url"},
		"null":              {"<p>" + embedded.Marker + "null</script>", "is not encoded as"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := report.Read(strings.NewReader(c.page))
			assert.ErrorContains(t, err, c.want)
		})
	}
}

// flip is another letter of base64.
func flip(letter byte) string {
	if letter == 'A' {
		return "B"
	}
	return "A"
}

func FuzzRead(f *testing.F) {
	small := fixture.Killed()
	small.Samples, small.Load.PerSecond = small.Samples[:3], small.Load.PerSecond[:3]
	f.Add(fixture.JSON(f, small))
	f.Add(fixture.JSON(f, fixture.Empty()))
	f.Add(asHTML(f, small))
	f.Add([]byte(`{"schema":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := report.Read(bytes.NewReader(data))
		if err != nil {
			require.Nil(t, r)
			return
		}
		once := fixture.JSON(t, r)
		back, err := report.Read(bytes.NewReader(once))
		require.NoError(t, err)
		require.Equal(t, string(once), string(fixture.JSON(t, back)))
		require.NoError(t, Text(&bytes.Buffer{}, r))
		asHTML(t, r)
		r.Evidence()
	})
}

func TestCausesShareOneScale(t *testing.T) {
	r := &report.Record{Trend: leak.Trend{Split: []leak.Cause{{Name: "live heap", Bytes: 30 * words.Mib}, {Name: "off-heap", Bytes: -10 * words.Mib}, {Name: "swap", Bytes: 10}}}}
	rows, still := causeRows(r)
	assert.Equal(t, []causeRow{
		{Name: "live heap", Size: "+30.0 MiB", Start: "25.0", BarLength: "75.0"},
		{Name: "off-heap", Size: "-10.0 MiB", Start: "0.0", BarLength: "25.0", Shrank: true},
	}, rows)
	assert.Equal(t, []string{"swap"}, still)
}

// The picture is SVG of presentation attributes alone: no style, no script, no link.
func TestFlameInThePage(t *testing.T) {
	page := string(asHTML(t, &report.Record{Retained: fixture.Boxes}))
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
		if errors.Is(err, io.EOF) {
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
	assert.NotContains(t, string(asHTML(t, &report.Record{})), `class="flame"`)
}

func TestHolderGolden(t *testing.T) {
	var text, page bytes.Buffer
	require.NoError(t, Text(&text, fixture.Held()))
	golden.Check(t, "held.txt", text.Bytes())
	require.NoError(t, HTML(&page, fixture.Held()))
	golden.Check(t, "held.html", page.Bytes())
}

func TestWhyNobodyIsNamed(t *testing.T) {
	r := fixture.Leaking()
	r.RetainersWhyNot = "the target's executable is not a Go program"
	var text bytes.Buffer
	require.NoError(t, Text(&text, r))
	assert.Contains(t, text.String(), "held by not known: the target's executable is not a Go program")
}

// A leak is shown as one, with the size of what it holds; a guess says so.
func TestTopSitesOfAHolderAndAGuess(t *testing.T) {
	held := []heap.Retained{{Func: "net/http.readRequest", Bytes: 2 * words.Mib, PerRequest: 900, Lo: 860, Hi: 940}, {Func: "net/textproto.readMIMEHeader", Bytes: words.Mib, PerRequest: 400, Lo: 370, Hi: 430}}
	set := heap.Site{Func: "main.Set", File: "r.go", Line: 3, Bytes: words.Mib, PerRequest: 48, Lo: 48, Hi: 48, Retains: held}
	assert.Equal(t, []string{
		"        ≈ +4.0 MiB  1,348 B/request  main.Set  r.go:3  holds net/http.readRequest, net/textproto.readMIMEHeader",
		"perhaps ≈ +1.0 MiB     20 B/request  main.log  ",
	}, tell.Sites([]heap.Site{set, {Func: "main.log", Bytes: words.Mib, PerRequest: 20, Lo: -5, Hi: 45, Uncertain: true}}, 3), "no interval where a part has none, and none of a guess")

	set.Lo, set.Hi = 48, 48.0001
	_, slope := set.Whole()
	assert.InDelta(t, 1298, slope.Lo, 0.01, "1,348 less the root of 40² + 30²")
	assert.InDelta(t, 1398, slope.Hi, 0.01)

	page := string(asHTML(t, &report.Record{Sites: []heap.Site{{Func: "main.Set", Bytes: words.Mib, Uncertain: true, Retains: held}}}))
	assert.Contains(t, page, "What most likely grew, perhaps ≈ ")
	assert.Contains(t, page, "Perhaps: none of these grew so steadily")
	assert.Contains(t, page, "from <code>net/textproto.readMIMEHeader</code>")
}

// The headline and the call site's figure are two measurements: a reader of any form
// must see how far the second may be off.
func TestEveryFormSaysThatSitesAreSampled(t *testing.T) {
	r := fixture.Leaking()
	assert.Contains(t, string(asText(t, r)), "≈ +17.0 MiB  1,486 B/request (95% CI 1,212 … 1,759 B)")
	page := string(asHTML(t, r))
	assert.Contains(t, page, "Most of what grew, ≈ &#43;17.0 MiB, 95% CI 1,212 … 1,759 B per request, is held by")
	assert.Contains(t, page, ">1,212 … 1,759 B</span>")
	var b bytes.Buffer
	assert.NoError(t, Markdown(&b, r))
	assert.Contains(t, b.String(), "≈ +17.0 MiB (95% CI 1,212 … 1,759 B per request) is held by")
	assert.Contains(t, b.String(), "| ≈ +17.0 MiB | +1,486 B &#40;95% CI 1,212 … 1,759 B&#41; |")
}

func asHTML(t testing.TB, r *report.Record) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, HTML(&b, r))
	return b.Bytes()
}
