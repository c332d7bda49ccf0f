package report

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/profile/leak"
)

// Phase is the first phase of that name, if the run came to it.
func (r *Record) Phase(name string) (Phase, bool) {
	for _, p := range r.Phases {
		if p.Name == name {
			return p, true
		}
	}
	return Phase{}, false
}

// During is the samples that were taken in the phase of that name.
func (r *Record) During(phase string) profile.Series {
	p, ok := r.Phase(phase)
	if !ok {
		return nil
	}
	return r.Samples.Between(p.From, p.To)
}

// floorsDuring is the floors that were read in the phase of that name.
func (r *Record) floorsDuring(phase string) []profile.LiveHeap {
	p, ok := r.Phase(phase)
	if !ok {
		return nil
	}
	var in []profile.LiveHeap
	for _, f := range r.Floors {
		if p.From <= f.At && f.At <= p.To {
			in = append(in, f)
		}
	}
	return in
}

// rests are the floors at rest next to the measured load, before it and after it; zero
// where they were not read.
func (r *Record) rests() (before, after profile.LiveHeap) {
	load, _ := r.Phase(Load)
	end, ended := r.Phase(Floor)
	for _, f := range r.Floors {
		if f.At <= load.From {
			before = f
		}
		if ended && f.At >= end.From {
			after = f
		}
	}
	return before, after
}

// Evidence is what the record says of the measured load, for [leak.Detect]: samples
// and floors of that phase, and what interrupted it. An interruption is a fatal
// finding, an OOM kill (of a child of the target, too), a start of the target in the
// midst of it, 3 s (or ten planned distances) without a sample, and gaps that are
// more than a tenth of it.
func (r *Record) Evidence() leak.Evidence {
	window, _ := r.Phase(Load)
	e := leak.Evidence{
		Samples:   r.During(Load),
		Floors:    r.floorsDuring(Load),
		Processes: r.processesDuring(Load),
		Planned:   r.Load.Planned,
		Window:    window.To - window.From,
		Reachable: r.Reachable,

		Allowed:         r.AllowedGrowth + r.KnownGrowth(),
		WorkingSetLeaks: r.WorkingSetLeaks,
	}
	e.RestBefore, e.Rest = r.rests()
	for _, h := range r.Holders {
		e.Held = append(e.Held, leak.Retainer{Name: h.String(), Share: h.Share, Bytes: h.Bytes, Counts: h.Counts})
	}
	for _, f := range r.Notes {
		if f.Fatal || f.Kind == OOMKilled {
			e.Broken = append(e.Broken, f.Text)
		}
	}
	for i := 1; i < len(e.Samples); i++ {
		before, s := e.Samples[i-1], e.Samples[i]
		if s.OOMKills > before.OOMKills {
			e.Broken = append(e.Broken, fmt.Sprintf("the kernel killed %d process(es) of the target for want of memory at %s", s.OOMKills-before.OOMKills, clock(s.At)))
		}
	}
	e.Broken = append(e.Broken, gapsInWords(Gaps(e.Samples, r.Source.Every), e.Window, r.Source.Every)...)
	return e
}

// fatal is the finding that ended the run, if one did.
func (r *Record) fatal() (Finding, bool) {
	for _, f := range r.Notes {
		if f.Fatal {
			return f, true
		}
	}
	return Finding{}, false
}

// floorsShown is how many floors a line of text names.
const floorsShown = 4

// FloorsInWords is the live heap after forced collections over the measured load, at
// most four of it: "41.3 → 55.6 → 70.1 → 84.2 MiB after GC (each higher)". It is empty
// where fewer than two were read.
func (r *Record) FloorsInWords() string {
	floors := r.floorsDuring(Load)
	if len(floors) < 2 {
		floors = r.Floors
	}
	if len(floors) < 2 {
		return ""
	}
	n := min(floorsShown, len(floors))
	shown := make([]uint64, n)
	rising := true
	for i := range n {
		at := i * (len(floors) - 1) / (n - 1)
		shown[i] = floors[at].Live()
		rising = rising && (i == 0 || shown[i] > shown[i-1])
	}
	words, unit := sizes(shown...)
	line := strings.Join(words, " → ") + " " + unit + " after GC"
	if rising {
		line += " (each higher)"
	}
	return line
}

// TopGoroutines is the n stacks whose goroutines grew most in number, a line each:
// "+4,012 goroutines, 1.00/request, in main.wait main.go:57 (chan receive), started by
// main.watch main.go:60". Those that are hardly more are left out.
func TopGoroutines(grown []heap.GoroutineGrowth, n int) []string {
	var lines []string
	grown = notable(grown)
	for _, g := range grown[:min(n, len(grown))] {
		line := fmt.Sprintf("%s goroutines, %.2f/request, in %s %s", signedCount(g.Count), g.PerRequest, g.Func, placeIn(g.File, g.Line))
		if g.State != "" {
			line += " (" + g.State + ")"
		}
		if g.Started != "" {
			line += ", started by " + g.Started
		}
		if g.Leaked > 0 {
			line += fmt.Sprintf("; the runtime knows %s to wait for ever", Count(uint64(g.Leaked)))
		}
		lines = append(lines, line)
	}
	return lines
}

// leastGoroutines is the growth per request that is written as more than 0.00.
const leastGoroutines = 0.005

// notable is the stacks whose number says something: a goroutine more or less in a
// whole run does not, unless the runtime knows it to wait for ever.
func notable(grown []heap.GoroutineGrowth) []heap.GoroutineGrowth {
	var kept []heap.GoroutineGrowth
	for _, g := range grown {
		if g.PerRequest >= leastGoroutines || g.Leaked > 0 {
			kept = append(kept, g)
		}
	}
	return kept
}

func placeIn(file string, line int) string {
	switch {
	case file == "":
		return ""
	case line == 0:
		return path.Base(file)
	}
	return path.Base(file) + ":" + strconv.Itoa(line)
}

// PprofCommand compares the first heap profile of the measured load with its last, to
// be run in the folder of the files. It is empty where there are not two of them.
func (r *Record) PprofCommand() string {
	var files []string
	for _, h := range r.Heaps {
		if h.File != "" && h.Phase != Floor {
			files = append(files, h.File)
		}
	}
	if len(files) < 2 {
		return ""
	}
	return "go tool pprof -diff_base " + shellQuoted(files[0]) + " " + shellQuoted(files[len(files)-1])
}

// shellQuoted makes a word of a command line that is copied into a shell. Names that
// this package gave need no quotes; those of a record from elsewhere may.
func shellQuoted(word string) string {
	if checkName(word) == nil {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
