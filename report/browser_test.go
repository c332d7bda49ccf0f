package report

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tab is a page of a real browser, and what it complained of and asked for.
type tab struct {
	t      *testing.T
	ctx    context.Context
	server *httptest.Server

	mu       sync.Mutex
	pages    map[string][]byte // by path
	headers  http.Header
	console  []string
	requests []string
}

// browse starts a browser. Where there is none the test is skipped.
func browse(t *testing.T) *tab {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium in the path")
	}
	b := &tab{t: t, pages: map[string][]byte{}, headers: http.Header{}}
	b.server = httptest.NewServer(http.HandlerFunc(b.serve))
	t.Cleanup(b.server.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.DisableGPU)
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	b.ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Listen(b.ctx, b.hear))
	_, err = chromedp.Call(b.ctx, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	return b
}

func (b *tab) serve(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	page, ok := b.pages[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	for name, values := range b.headers {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page) // the browser has gone: the test says so
}

func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *cdplog.EventEntryAdded:
		b.console = append(b.console, e.Entry.Text)
	case *runtime.EventConsoleAPICalled:
		b.console = append(b.console, fmt.Sprint("console.", e.Type))
	case *runtime.EventExceptionThrown:
		b.console = append(b.console, e.ExceptionDetails.Text)
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	}
}

// open shows a page in a window of that width.
func (b *tab) open(page []byte, width int64) {
	b.t.Helper()
	b.mu.Lock()
	b.pages["/report.html"], b.pages["/favicon.ico"] = page, nil
	b.console, b.requests = nil, nil
	b.mu.Unlock()
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.EmulateViewport(width, 900), chromedp.Navigate(b.server.URL+"/report.html")))
}

// ready waits for the script.
func (b *tab) ready() {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return evaluate[bool](b, `!!document.documentElement.dataset.interactive`) }, 10*time.Second, 20*time.Millisecond, "the script is at work")
}

func evaluate[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	require.NoError(b.t, err, expression)
	return v
}

func (b *tab) heard() (console, requests []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, url := range b.requests {
		if !strings.HasSuffix(url, "/report.html") && !strings.HasSuffix(url, "/favicon.ico") && !strings.HasPrefix(url, "blob:") {
			requests = append(requests, url)
		}
	}
	return b.console, requests
}

func (b *tab) mouse(kind input.DispatchMouseEventType, x, y float64, options ...chromedp.MouseOption) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.MouseEvent(kind, x, y, options...)))
}

// box is where the wide chart's memory panel is on the screen.
type box struct{ Left, Right, Top, Bottom float64 }

func (b *tab) panel() box {
	b.t.Helper()
	return evaluate[box](b, `(() => {
		const svg = document.querySelector("svg.wide"), r = svg.getBoundingClientRect(), p = svg.dataset.plot.split(" ").map(Number), k = r.width / svg.viewBox.baseVal.width;
		return {Left: r.left + p[0]*k, Right: r.left + p[1]*k, Top: r.top + p[2]*k, Bottom: r.top + p[3]*k};
	})()`)
}

func TestBrowserShowsValuesAndZooms(t *testing.T) {
	b := browse(t)
	r := leakingRun()
	b.open(asHTML(t, r), 1200)
	b.ready()
	console, requests := b.heard()
	assert.Empty(t, console, "no error, no message")
	assert.Empty(t, requests, "nothing but the page itself")

	p := b.panel()
	middle := (p.Top + p.Bottom) / 2
	at := func(seconds float64) float64 { return p.Left + seconds/75*(p.Right-p.Left) }
	b.mouse(input.DispatchMouseEventTypeMouseMoved, at(40), middle)
	tip := evaluate[string](b, `document.querySelector(".tip:not([hidden])").innerText`)
	sample := r.Samples[400]
	assert.Contains(t, tip, "00:40.0")
	assert.Contains(t, tip, "working set "+MiB(sample.WorkingSet))
	assert.Contains(t, tip, "live heap ")
	assert.Regexp(t, `requests \d+/s`, tip)
	assert.Contains(t, tip, "phase load")

	before := evaluate[string](b, `document.querySelector("svg.wide path.g-set").getAttribute("d")`)
	b.mouse(input.DispatchMouseEventTypeMousePressed, at(20), middle, chromedp.ButtonLeft)
	b.mouse(input.DispatchMouseEventTypeMouseMoved, at(25), middle, chromedp.ButtonLeft)
	b.mouse(input.DispatchMouseEventTypeMouseMoved, at(30), middle, chromedp.ButtonLeft)
	b.mouse(input.DispatchMouseEventTypeMouseReleased, at(30), middle, chromedp.ButtonLeft)
	var from, to float64
	_, err := fmt.Sscan(evaluate[string](b, `document.querySelector("svg.wide").dataset.shown`), &from, &to)
	require.NoError(t, err)
	assert.InDelta(t, 20, from, 0.3)
	assert.InDelta(t, 30, to, 0.3)
	zoomed := evaluate[string](b, `document.querySelector("svg.wide path.g-set").getAttribute("d")`)
	assert.NotEqual(t, before, zoomed)
	assert.InDelta(t, 102, strings.Count(zoomed, "L"), 8, "each of the hundred samples in sight is drawn")
	assert.Contains(t, evaluate[string](b, `document.querySelector("svg.wide g.times").textContent`), "00:25")
	shoot(b, "zoomed")

	require.NoError(t, chromedp.Do(b.ctx, chromedp.KeyEvent("\x1b")))
	assert.Equal(t, before, evaluate[string](b, `document.querySelector("svg.wide path.g-set").getAttribute("d")`), "Escape shows all again")
	console, _ = b.heard()
	assert.Empty(t, console)
}

// TestBrowserFits: no page is wider than its window, whatever is planted in it.
func TestBrowserFits(t *testing.T) {
	b := browse(t)
	long := hostileRun()
	long.Name = strings.Repeat("TestVeryLongNameWithoutAnySpaceInIt", 12)
	long.Growth[0].Func = strings.Repeat("github.com/example/", 20) + "pkg.(*T).Method"
	long.Env.EnvNames = []string{strings.Repeat("VARIABLE", 60)}
	pages := map[string][]byte{"leaking": asHTML(t, leakingRun()), "killed": asHTML(t, killedRun()), "hostile": asHTML(t, long), "nothing": asHTML(t, &Record{})}
	for name, page := range pages {
		for _, width := range []int64{360, 800, 1200} {
			b.open(page, width)
			over := evaluate[int](b, `document.documentElement.scrollWidth - innerWidth`)
			assert.LessOrEqual(t, over, 0, "%s at %d px", name, width)
			if name == "leaking" {
				shoot(b, fmt.Sprintf("leaking-%d", width))
			}
		}
		console, requests := b.heard()
		assert.Empty(t, console, name)
		assert.Empty(t, requests, name)
	}
}

// jenkins is the policy that Jenkins serves artifacts with.
const jenkins = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';"

// TestBrowserWithoutScript compares the picture with and without scripts and under
// Jenkins' policy: nothing of it may need either.
func TestBrowserWithoutScript(t *testing.T) {
	b := browse(t)
	page := asHTML(t, leakingRun())
	b.open(page, 1200)
	b.ready()
	with := b.chartPixels("with script")

	_, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	require.NoError(t, err)
	b.open(page, 1200)
	assert.True(t, evaluate[bool](b, `!document.documentElement.dataset.interactive`))
	console, _ := b.heard()
	assert.Empty(t, console)
	assert.Equal(t, with, b.chartPixels("without script"), "the picture is the same")
	_, err = chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: false})
	require.NoError(t, err)

	b.headers.Set("Content-Security-Policy", jenkins)
	b.open(page, 1200)
	plain := b.chartPixels("under Jenkins' policy")
	for colour, least := range map[string]int{"1f5fa8": 200, "b93815": 100, "dfe3e8": 500} {
		assert.Greater(t, plain[colour], least, "pixels in the colour %s of %v", colour, with[colour])
	}
	assert.Less(t, plain["000000"], 20_000, "no black box")
	assert.Equal(t, 1, evaluate[int](b, `[...document.querySelectorAll("svg.chart")].filter(e => e.getBoundingClientRect().height > 0).length`), "one picture of the two")
	_, requests := b.heard()
	assert.Empty(t, requests)
	shoot(b, "jenkins")
}

// chartPixels is how many pixels of the picture have each colour that the chart uses.
func (b *tab) chartPixels(name string) map[string]int {
	b.t.Helper()
	shot, err := chromedp.Run(b.ctx, chromedp.Screenshot(chromedp.CSS("svg.chart.wide")))
	require.NoError(b.t, err, name)
	picture, err := png.Decode(bytes.NewReader(shot))
	require.NoError(b.t, err)
	count := map[string]int{}
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x++ {
			red, green, blue, _ := picture.At(x, y).RGBA()
			count[fmt.Sprintf("%02x%02x%02x", red>>8, green>>8, blue>>8)]++
		}
	}
	return count
}

// shoot keeps a picture of the window, for eyes, in the folder that SCREENSHOTS names.
func shoot(b *tab, name string) {
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(dir+"/"+name+".png", shot, 0o600))
}

// TestBrowserAccessibility is the checks of axe that a page of this kind can fail.
func TestBrowserAccessibility(t *testing.T) {
	b := browse(t)
	audit := auditScript(t)
	for name, run := range stories {
		for _, scheme := range []string{"light", "dark"} {
			_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
			require.NoError(t, err)
			b.open(asHTML(t, run()), 1200)
			if name != "nothing" && name != "empty" {
				b.ready()
			}
			assert.Empty(t, audited(b, audit), "%s, %s", name, scheme)
			if name == "leaking" {
				shoot(b, "leaking-"+scheme)
			}
		}
	}
}

func auditScript(t *testing.T) string {
	script, err := os.ReadFile("testdata/audit.js")
	require.NoError(t, err)
	return string(script)
}

// audited is what the audit finds fault with in the page that is open.
func audited(b *tab, audit string) (found []string) {
	b.t.Helper()
	require.NoError(b.t, json.Unmarshal([]byte(evaluate[string](b, audit)), &found))
	return found
}
