// Package realleaks asks memgate about servers that are built on real open-source
// libraries at versions, or in ways, whose leaks are publicly known, and about some that
// are healthy: does it say leak, name the guilty function and who holds the memory? The
// servers are in a module of their own, so that no user of memgate gets those libraries.
package realleaks

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// within is how many call sites a person looks at: those that a failure message shows.
const within = 3

// score is what memgate said of a program.
type score struct {
	verdict leak.Verdict
	rank    int  // of the first guilty function, from 1; 0 if none is among the first
	held    bool // the first line of who holds it names the holder
	first   string
}

// TestRealPrograms takes half a minute for each program: make real-programs asks for it,
// with the seconds of load in REAL_PROGRAMS.
func TestRealPrograms(t *testing.T) {
	var seconds int
	if _, err := fmt.Sscan(os.Getenv("REAL_PROGRAMS"), &seconds); err != nil {
		t.Skip("takes ten minutes: make real-programs runs it, or REAL_PROGRAMS=15, the seconds of load for each")
	}
	memtest.SkipWithoutDocker(t)
	t.Chdir("programs")
	table := []string{fmt.Sprintf("%-18s %-12s %5s %12s %-6s  %s", "program", "verdict", "rank", "B/request", "holder", "first of who holds it, or why nobody")}
	var leaking, named, held int
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			r := run(t, p, time.Duration(seconds)*time.Second)
			s := p.score(r)
			table = append(table, fmt.Sprintf("%-18s %-12s %5d %12.0f %-6t  %s", p.name, s.verdict, s.rank, r.Trend.PerRequest.Value, s.held, s.first))
			if len(p.guilty) == 0 {
				assert.NotEqual(t, leak.Leaking, s.verdict, "it is healthy")
				assert.Empty(t, r.Retainers, "it is healthy")
				return
			}
			leaking++
			assert.NotEqual(t, leak.Steady, s.verdict, "it leaks")
			if assert.NotZero(t, s.rank, "none of %v is among the first %d of\n%s", p.guilty, within, strings.Join(tell.Sites(r.Sites, 8), "\n")) {
				named++
			}
			if s.held {
				held++
			} else {
				t.Logf("%s is not named: %s", p.holder, strings.Join(tell.Retainers(r), "\n"))
			}
		})
	}
	t.Logf("\n%s\n%d of %d guilty functions within the first %d, %d holders in the first line", strings.Join(table, "\n"), named, leaking, within, held)
	assert.GreaterOrEqual(t, 10*held, 8*leaking, "holders in the first line")
}

func run(t *testing.T, p program, length time.Duration) *report.Record {
	var sent uint64 // a Plan counts anew after the warm-up, and the same client once more is no new one
	next := func(uint64) load.Request { sent++; return p.each(sent) }
	r := memtest.Run(t, memtest.Scenario{
		Name:   p.name,
		Target: memtest.Image{Go: "./" + p.name, Port: 8080, MemoryLimit: "512MiB"},
		Load:   load.Plan{Each: next, Rate: p.rate, Duration: length},
		Warmup: 5 * time.Second,
	})
	if err := memtest.CheckLeak(r); err != nil {
		t.Log(err)
	}
	for _, note := range r.Notes {
		t.Log(note.Text())
	}
	return r
}

func (p program) score(r *report.Record) score {
	s := score{verdict: r.Trend.Verdict, first: r.RetainersWhyNot}
	for i, site := range r.Sites[:min(within, len(r.Sites))] {
		if p.isGuilty(site.Func) {
			s.rank = i + 1
			break
		}
	}
	if len(r.Retainers) > 0 {
		s.first = r.Retainers[0].String()
		s.held = p.holder != "" && strings.Contains(s.first, p.holder)
	}
	return s
}

// isGuilty tells whether fn is one of the guilty; a star at their end stands for the rest.
func (p program) isGuilty(fn string) bool {
	return slices.ContainsFunc(p.guilty, func(g string) bool {
		begin, all := strings.CutSuffix(g, "*")
		return fn == g || all && strings.HasPrefix(fn, begin)
	})
}
