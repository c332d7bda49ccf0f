package page

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/browser"
	"github.com/memgate/memgate/internal/fixture"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
)

func TestBrowserShowsValuesAndZooms(t *testing.T) {
	b := browser.Open(t)
	r := fixture.Leaking()
	b.Show(asHTML(t, r), 1200)
	b.Ready()
	console, requests := b.Heard()
	assert.Empty(t, console, "no error, no message")
	assert.Empty(t, requests, "nothing but the page itself")

	p := b.Panel()
	middle := (p.Top + p.Bottom) / 2
	at := func(seconds float64) float64 { return p.Left + seconds/75*(p.Right-p.Left) }
	b.Mouse(input.DispatchMouseEventTypeMouseMoved, at(40), middle)
	tip := browser.Evaluate[string](b, `document.querySelector(".tip:not([hidden])").innerText`)
	sample := r.Samples[400]
	assert.Contains(t, tip, "00:40.0")
	assert.Contains(t, tip, "working set "+words.MiB(sample.WorkingSet))
	assert.Contains(t, tip, "live heap ")
	assert.Regexp(t, `requests \d+/s`, tip)
	assert.Contains(t, tip, "phase load")

	before := browser.Evaluate[string](b, `document.querySelector("svg.wide path.g-set").getAttribute("d")`)
	b.Mouse(input.DispatchMouseEventTypeMousePressed, at(20), middle, chromedp.ButtonLeft)
	b.Mouse(input.DispatchMouseEventTypeMouseMoved, at(25), middle, chromedp.ButtonLeft)
	b.Mouse(input.DispatchMouseEventTypeMouseMoved, at(30), middle, chromedp.ButtonLeft)
	b.Mouse(input.DispatchMouseEventTypeMouseReleased, at(30), middle, chromedp.ButtonLeft)
	var from, to float64
	_, err := fmt.Sscan(browser.Evaluate[string](b, `document.querySelector("svg.wide").dataset.shown`), &from, &to)
	require.NoError(t, err)
	assert.InDelta(t, 20, from, 0.3)
	assert.InDelta(t, 30, to, 0.3)
	zoomed := browser.Evaluate[string](b, `document.querySelector("svg.wide path.g-set").getAttribute("d")`)
	assert.NotEqual(t, before, zoomed)
	assert.InDelta(t, 102, strings.Count(zoomed, "L"), 8, "each of the hundred samples in sight is drawn")
	assert.Contains(t, browser.Evaluate[string](b, `document.querySelector("svg.wide g.times").textContent`), "00:25")
	browser.Shoot(b, "zoomed")

	require.NoError(t, chromedp.Do(b.Ctx, chromedp.KeyEvent("\x1b")))
	assert.Equal(t, before, browser.Evaluate[string](b, `document.querySelector("svg.wide path.g-set").getAttribute("d")`), "Escape shows all again")
	console, _ = b.Heard()
	assert.Empty(t, console)
}

// TestBrowserFits: no page is wider than its window, whatever is planted in it.
func TestBrowserFits(t *testing.T) {
	b := browser.Open(t)
	long := fixture.Hostile()
	long.Name = strings.Repeat("TestVeryLongNameWithoutAnySpaceInIt", 12)
	long.Sites[0].Func = strings.Repeat("github.com/example/", 20) + "pkg.(*T).Method"
	long.Env.EnvNames = []string{strings.Repeat("VARIABLE", 60)}
	pages := map[string][]byte{"leaking": asHTML(t, fixture.Leaking()), "killed": asHTML(t, fixture.Killed()), "hostile": asHTML(t, long), "nothing": asHTML(t, &report.Record{})}
	for name, page := range pages {
		for _, width := range []int64{360, 800, 1200} {
			b.Show(page, width)
			over := browser.Evaluate[int](b, `document.documentElement.scrollWidth - innerWidth`)
			assert.LessOrEqual(t, over, 0, "%s at %d px", name, width)
			if name == "leaking" {
				browser.Shoot(b, fmt.Sprintf("leaking-%d", width))
			}
		}
		console, requests := b.Heard()
		assert.Empty(t, console, name)
		assert.Empty(t, requests, name)
	}
}

// TestBrowserWithoutScript compares the picture with and without scripts and under
// Jenkins' policy: nothing of it may need either.
func TestBrowserWithoutScript(t *testing.T) {
	b := browser.Open(t)
	page := asHTML(t, fixture.Leaking())
	b.Show(page, 1200)
	b.Ready()
	with := b.ChartPixels("with script")

	_, err := chromedp.Call(b.Ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	require.NoError(t, err)
	b.Show(page, 1200)
	assert.True(t, browser.Evaluate[bool](b, `!document.documentElement.dataset.interactive`))
	console, _ := b.Heard()
	assert.Empty(t, console)
	assert.Equal(t, with, b.ChartPixels("without script"), "the picture is the same")
	_, err = chromedp.Call(b.Ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: false})
	require.NoError(t, err)

	b.Headers.Set("Content-Security-Policy", browser.Jenkins)
	b.Show(page, 1200)
	plain := b.ChartPixels("under Jenkins' policy")
	for colour, least := range map[string]int{"1f5fa8": 200, "b93815": 100, "dfe3e8": 500} {
		assert.Greater(t, plain[colour], least, "pixels in the colour %s of %v", colour, with[colour])
	}
	assert.Less(t, plain["000000"], 20_000, "no black box")
	assert.Equal(t, 1, browser.Evaluate[int](b, `[...document.querySelectorAll("svg.chart")].filter(e => e.getBoundingClientRect().height > 0).length`), "one picture of the two")
	_, requests := b.Heard()
	assert.Empty(t, requests)
	browser.Shoot(b, "jenkins")
}

// TestBrowserAccessibility is the checks of axe that a page of this kind can fail.
func TestBrowserAccessibility(t *testing.T) {
	b := browser.Open(t)
	audit := browser.AuditScript()
	for name, run := range fixture.Stories {
		for _, scheme := range []string{"light", "dark"} {
			_, err := chromedp.Call(b.Ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
			require.NoError(t, err)
			b.Show(asHTML(t, run()), 1200)
			if name != "nothing" && name != "empty" {
				b.Ready()
			}
			assert.Empty(t, browser.Audited(b, audit), "%s, %s", name, scheme)
			if name == "leaking" {
				browser.Shoot(b, "leaking-"+scheme)
			}
		}
	}
}
