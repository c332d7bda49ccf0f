//go:build unix

package holders_test

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/holders"
	"github.com/memgate/memgate/internal/retain"
)

// shape is a leak, and how its holder is to be named.
type shape struct {
	name     string
	holder   string // with symbols and types
	typ      string
	stripped string // a part of name and type together that says what or where it is
}

var shapes = []shape{
	{"slice", "global variable main.history", "[]main.entry", "([]main.entry)"},
	{"goroutine", "goroutines main.worker [chan receive], started by main.handlers.func3", "", "main.worker, started by main.handlers.func3"},
	{"server", "field main.server.sessions", "map[string]*main.session", "map[string]*main.session"},
	{"syncmap", "global variable main.cache", "sync.Map", "used by main.handlers.func4"},
	{"closure", "captured variable main.handlers.func5.seen", "map[string][]uint8", "main.handlers.func5"},
	{"lru", "global variable main.store.keys", "map[string]*list.Element", "map[string]*list.Element"},
	{"chan", "global variable main.queue", "chan *main.entry", "([]*main.entry)"},
	{"ctx", "global variable main.rootCtx", "context.Context", "main.neverCancelled"},
	{"timer", "pending timers that run main.handlers.func8.1", "", "that run main.handlers.func8.1"},
	{"healthy", "", "", ""},
}

const (
	warm     = 100
	requests = 400
)

func name(h retain.Holder) string { return strings.TrimSpace(string(h.Kind) + " " + h.Name) }

func TestHoldersAreNamed(t *testing.T) {
	exe := executable(t, build{})
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			g := start(t, exe, s.name, false).grown()
			if s.holder == "" {
				assert.Empty(t, g.Holders)
				assert.Contains(t, g.WhyNot, "nothing there grows")
				return
			}
			require.NotEmpty(t, g.Holders, g.WhyNot)
			h := g.Holders[0]
			assert.Equal(t, s.holder, name(h))
			assert.Equal(t, s.typ, h.Type)
			assert.Greater(t, h.Share, 0.9)
			assert.InDelta(t, 1, h.Elements, 0.05, "one more element per request")
			assert.InDelta(t, requests, h.To-h.From, 4, "the last goroutine may not have come to where it blocks")
			assert.Greater(t, h.PerRequest, 1000.0)
		})
	}
}

// TestVersionsAndStrippedPrograms: each of three versions of Go, with and without names.
func TestVersionsAndStrippedPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles six programs")
	}
	for _, version := range []string{"go1.24.11", "go1.25.5", ""} {
		for _, flags := range []string{"", "-w", "-s -w"} {
			b := build{version: version, flags: flags}
			if flags == "" && version == "" || flags == "-w" && version != "" {
				continue // TestHoldersAreNamed; symbols alone are tried with one version
			}
			if flags != "" && runtime.GOARCH != "amd64" {
				continue
			}
			t.Run(b.String(), func(t *testing.T) { namedIn(t, b) })
		}
	}
}

// TestWaysToBuild: position-independent programs, and those with C code in them.
func TestWaysToBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles programs")
	}
	for _, b := range []build{
		{mode: "pie"}, {mode: "pie", flags: "-s -w"}, {cgo: true}, {cgo: true, mode: "pie"},
	} {
		if b.flags != "" && runtime.GOARCH != "amd64" {
			continue
		}
		t.Run(b.String(), func(t *testing.T) {
			exe := executable(t, b)
			for _, s := range shapes {
				if s.name == "slice" || s.name == "server" || s.name == "goroutine" || s.name == "ctx" {
					wellNamed(t, s, b, start(t, exe, s.name, false).grown())
				}
			}
		})
	}
}

func TestStrippedWithCCodeIsDeclined(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles a program")
	}
	tg := start(t, executable(t, build{cgo: true, flags: "-s -w"}), "server", false)
	_, err := holders.Open(tg.pid, holders.Limits{})
	require.ErrorContains(t, err, "was linked by C's linker")
}

func wellNamed(t *testing.T, s shape, b build, g retain.Growth) {
	t.Helper()
	if !assert.NotEmpty(t, g.Holders, "%s: %s", s.name, g.WhyNot) {
		return
	}
	h := g.Holders[0]
	if b.flags != "" {
		assert.Contains(t, name(h)+" ("+h.Type+")", s.stripped)
		return
	}
	assert.Equal(t, s.holder, name(h))
	assert.Equal(t, s.typ, h.Type)
	assert.InDelta(t, 1, h.Elements, 0.05)
}

func namedIn(t *testing.T, b build) {
	exe := executable(t, b)
	named := 0
	for _, s := range shapes {
		g := start(t, exe, s.name, false).grown()
		if s.holder == "" {
			assert.Empty(t, g.Holders, "a healthy one holds nothing")
			continue
		}
		if !assert.NotEmpty(t, g.Holders, "%s: %s", s.name, g.WhyNot) {
			continue
		}
		h := g.Holders[0]
		said := name(h) + " (" + h.Type + ")"
		want := s.stripped
		if b.flags == "" {
			want = s.holder
		}
		if strings.Contains(said, want) || b.flags == "-w" && strings.Contains(said, s.holder) {
			named++
		} else {
			t.Logf("%s: %s", s.name, said)
		}
	}
	least := 9
	if b.flags != "" {
		least = 7
	}
	assert.GreaterOrEqual(t, named, least)
	t.Logf("%s: %d of 9 named", b, named)
}

// canary is sent with every request of these tests.
const canary = "canary-7f3a91c2-do-not-tell"

func TestSecretsStayInTheHeap(t *testing.T) {
	tg := start(t, executable(t, build{}), "secret", false)
	r := tg.open(holders.Limits{})
	tg.load(warm)
	early := tg.snapshot(r)
	tg.load(requests)
	late := tg.snapshot(r)

	text, err := json.Marshal([]any{early, late, retain.Grow(early, late, requests, "Go heap")})
	require.NoError(t, err)
	assert.NotContains(t, string(text), canary[:12])
	assert.Contains(t, string(text), "main.secrets", "what holds it is told")
}
