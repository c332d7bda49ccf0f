// Package browser drives a real Chromium for tests of pages.
package browser

import (
	"bytes"
	"context"
	_ "embed"
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

	cdplog "github.com/chromedp/cdproto/log"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// Tab is a page of a real browser, and what it complained of and asked for.
type Tab struct {
	t      *testing.T
	Ctx    context.Context
	server *httptest.Server

	mu       sync.Mutex
	pages    map[string][]byte // by path
	Headers  http.Header
	console  []string
	requests []string
}

// Open starts a browser. Where there is none the test is skipped.
func Open(t *testing.T) *Tab {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium in the path")
	}
	b := &Tab{t: t, pages: map[string][]byte{}, Headers: http.Header{}}
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
	b.Ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Listen(b.Ctx, b.hear))
	_, err = chromedp.Call(b.Ctx, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	return b
}

func (b *Tab) serve(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	page, ok := b.pages[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	for name, values := range b.Headers {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page) // the browser has gone: the test says so
}

func (b *Tab) hear(event any) {
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

// Show shows a page in a window of that width.
func (b *Tab) Show(page []byte, width int64) {
	b.t.Helper()
	b.mu.Lock()
	b.pages["/report.html"], b.pages["/favicon.ico"] = page, nil
	b.console, b.requests = nil, nil
	b.mu.Unlock()
	require.NoError(b.t, chromedp.Do(b.Ctx, chromedp.EmulateViewport(width, 900), chromedp.Navigate(b.server.URL+"/report.html")))
}

// Ready waits for the script.
func (b *Tab) Ready() {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return Evaluate[bool](b, `!!document.documentElement.dataset.interactive`) }, 10*time.Second, 20*time.Millisecond, "the script is at work")
}

// Evaluate returns what the expression is in the page.
func Evaluate[T any](b *Tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.Ctx, chromedp.Evaluate[T](expression))
	require.NoError(b.t, err, expression)
	return v
}

// Heard returns what the console said, and which other addresses the page asked for.
func (b *Tab) Heard() (console, requests []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, url := range b.requests {
		if !strings.HasSuffix(url, "/report.html") && !strings.HasSuffix(url, "/favicon.ico") && !strings.HasPrefix(url, "blob:") {
			requests = append(requests, url)
		}
	}
	return b.console, requests
}

// Mouse sends an event of the mouse at a place of the window.
func (b *Tab) Mouse(kind input.DispatchMouseEventType, x, y float64, options ...chromedp.MouseOption) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.Ctx, chromedp.MouseEvent(kind, x, y, options...)))
}

// Box is a place on the screen, in pixels.
type Box struct{ Left, Right, Top, Bottom float64 }

// Panel returns where the wide chart's memory panel is on the screen.
func (b *Tab) Panel() Box {
	b.t.Helper()
	return Evaluate[Box](b, `(() => {
		const svg = document.querySelector("svg.wide"), r = svg.getBoundingClientRect(), p = svg.dataset.plot.split(" ").map(Number), k = r.width / svg.viewBox.baseVal.width;
		return {Left: r.left + p[0]*k, Right: r.left + p[1]*k, Top: r.top + p[2]*k, Bottom: r.top + p[3]*k};
	})()`)
}

// Jenkins is the policy that Jenkins serves artifacts with.
const Jenkins = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';"

// ChartPixels returns how many pixels of the picture have each colour that the chart uses.
func (b *Tab) ChartPixels(name string) map[string]int {
	b.t.Helper()
	shot, err := chromedp.Run(b.Ctx, chromedp.Screenshot(chromedp.CSS("svg.chart.wide")))
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

// Shoot keeps a picture of the window, for eyes, in the folder that SCREENSHOTS names.
func Shoot(b *Tab, name string) {
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	shot, err := chromedp.Run(b.Ctx, chromedp.CaptureScreenshot())
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(dir+"/"+name+".png", shot, 0o600))
}

//go:embed audit.js
var auditScript string

// AuditScript returns the script that looks for faults of accessibility.
func AuditScript() string { return auditScript }

// Audited returns what the audit finds fault with in the page that is open.
func Audited(b *Tab, audit string) (found []string) {
	b.t.Helper()
	require.NoError(b.t, json.Unmarshal([]byte(Evaluate[string](b, audit)), &found))
	return found
}
