package report

import (
	"bytes"
	"testing"

	"github.com/memgate/memgate/profile/heap"
	"github.com/stretchr/testify/assert"
)

func TestTopSites(t *testing.T) {
	assert.Equal(t, []string{
		"≈ +17.0 MiB  1,486 B/request (95% CI 1,212 … 1,759 B)  main.newSession           session.go:88",
		" ≈ +3.2 MiB    280 B/request (95% CI 101 … 458 B)      main.(*sessionStore).put  session.go:61  ← internal/runtime/maps.newTable table.go:81  (2 more sites, ≈ +0.5 MiB)",
	}, TopSites(leakingRun().Growth, 2))
	assert.Empty(t, TopSites(nil, 3))
	assert.Empty(t, TopSites(leakingRun().Growth, 0))
	assert.Empty(t, TopSites([]heap.Site{{Func: "main.f", Bytes: -1}}, 3), "what shrank is no culprit")
	assert.Equal(t, []string{"≈ +1.0 MiB  0 B/request  f  "}, TopSites([]heap.Site{{Func: "f", Bytes: mib}}, 3))
}

// A leak is shown as one, with the size of what it holds; a guess says so.
func TestTopSitesOfAHolderAndAGuess(t *testing.T) {
	held := []heap.Held{{Func: "net/http.readRequest", Bytes: 2 * mib, PerRequest: 900, Lo: 860, Hi: 940}, {Func: "net/textproto.readMIMEHeader", Bytes: mib, PerRequest: 400, Lo: 370, Hi: 430}}
	set := heap.Site{Func: "main.Set", File: "r.go", Line: 3, Bytes: mib, PerRequest: 48, Lo: 48, Hi: 48, Holds: held}
	assert.Equal(t, []string{
		"        ≈ +4.0 MiB  1,348 B/request  main.Set  r.go:3  holds net/http.readRequest, net/textproto.readMIMEHeader",
		"perhaps ≈ +1.0 MiB     20 B/request  main.log  ",
	}, TopSites([]heap.Site{set, {Func: "main.log", Bytes: mib, PerRequest: 20, Lo: -5, Hi: 45, Uncertain: true}}, 3), "no interval where a part has none, and none of a guess")

	set.Lo, set.Hi = 48, 48.0001
	_, slope := whole(set)
	assert.InDelta(t, 1298, slope.Lo, 0.01, "1,348 less the root of 40² + 30²")
	assert.InDelta(t, 1398, slope.Hi, 0.01)

	page := string(asHTML(t, &Record{Growth: []heap.Site{{Func: "main.Set", Bytes: mib, Uncertain: true, Holds: held}}}))
	assert.Contains(t, page, "What most likely grew, perhaps ≈ ")
	assert.Contains(t, page, "Perhaps: none of these grew so steadily")
	assert.Contains(t, page, "from <code>net/textproto.readMIMEHeader</code>")
}

// The headline and the call site's figure are two measurements: a reader of any form
// must see how far the second may be off.
func TestEveryFormSaysThatSitesAreSampled(t *testing.T) {
	r := leakingRun()
	assert.Contains(t, string(asText(t, r)), "≈ +17.0 MiB  1,486 B/request (95% CI 1,212 … 1,759 B)")
	page := string(asHTML(t, r))
	assert.Contains(t, page, "Most of what grew, ≈ &#43;17.0 MiB, 95% CI 1,212 … 1,759 B per request, is held by")
	assert.Contains(t, page, ">1,212 … 1,759 B</span>")
	var b bytes.Buffer
	assert.NoError(t, r.Markdown(&b))
	assert.Contains(t, b.String(), "≈ +17.0 MiB (95% CI 1,212 … 1,759 B per request) is held by")
	assert.Contains(t, b.String(), "| ≈ +17.0 MiB | +1,486 B &#40;95% CI 1,212 … 1,759 B&#41; |")
}
