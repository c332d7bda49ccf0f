package report

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/memgate/memgate/profile"
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
func (r *Record) floorsDuring(phase string) []profile.Floor {
	p, ok := r.Phase(phase)
	if !ok {
		return nil
	}
	var in []profile.Floor
	for _, f := range r.Floors {
		if p.From <= f.At && f.At <= p.To {
			in = append(in, f)
		}
	}
	return in
}

// longestGap is the time without a sample in the measured load from which on the
// evidence is broken: what happened meanwhile is not known.
const longestGap = 5 * time.Second

// rest is the last floor of the run, if it was read after the load.
func (r *Record) rest() profile.Floor {
	after, ok := r.Phase(Floor)
	if n := len(r.Floors); ok && n > 0 && r.Floors[n-1].At >= after.From {
		return r.Floors[n-1]
	}
	return profile.Floor{}
}

// Evidence is what the record says of the measured load, for [profile.Detect]: samples
// and floors of that phase, and what interrupted it. An interruption is a fatal
// finding, an OOM kill (of a child of the target, too) and more than 5 s (or ten
// planned distances) without a sample.
func (r *Record) Evidence() profile.Evidence {
	window, _ := r.Phase(Load)
	e := profile.Evidence{
		Samples: r.During(Load),
		Floors:  r.floorsDuring(Load),
		Planned: r.Load.Planned,
		Window:  window.To - window.From,

		Rest: r.rest(),

		Allowed:         r.AllowedGrowth,
		WorkingSetLeaks: r.WorkingSetLeaks,
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
		if gap := s.At - before.At; gap > max(longestGap, 10*r.Source.Every) {
			e.Broken = append(e.Broken, fmt.Sprintf("no memory sample was taken for %s from %s on", length(gap), clock(before.At)))
		}
	}
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
	words := make([]string, n)
	rising := true
	for i := range n {
		at := i * (len(floors) - 1) / (n - 1)
		words[i] = mebibytes(float64(floors[at].Live()))
		if i > 0 && floors[at].Live() <= floors[(i-1)*(len(floors)-1)/(n-1)].Live() {
			rising = false
		}
	}
	line := strings.Join(words, " → ") + " MiB after GC"
	if rising {
		line += " (each higher)"
	}
	return line
}

// TopSites is the n call sites that grew most, a line each, with the columns aligned:
// "+17.0 MiB  1,420 B/request  main.newSession  session.go:88". The last one says how
// much is left out.
func TopSites(growth []profile.Site, n int) []string {
	var grown []profile.Site
	for _, s := range growth {
		if s.Bytes > 0 {
			grown = append(grown, s)
		}
	}
	shown := grown[:min(n, len(grown))]
	var size, per, name int
	for _, s := range shown {
		size = max(size, len(signedMiB(s.Bytes)))
		per = max(per, len(Bytes(s.PerRequest)))
		name = max(name, len([]rune(s.Func)))
	}
	lines := make([]string, len(shown))
	for i, s := range shown {
		lines[i] = fmt.Sprintf("%*s  %*s/request  %-*s  %s", size, signedMiB(s.Bytes), per, Bytes(s.PerRequest), name, s.Func, place(s))
	}
	if rest := grown[len(shown):]; len(rest) > 0 && len(shown) > 0 {
		var bytes int64
		for _, s := range rest {
			bytes += s.Bytes
		}
		lines[len(lines)-1] += fmt.Sprintf("  (%d more sites, %s)", len(rest), signedMiB(bytes))
	}
	return lines
}

// place is a site as "session.go:88".
func place(s profile.Site) string {
	switch {
	case s.File == "":
		return ""
	case s.Line == 0:
		return path.Base(s.File)
	}
	return path.Base(s.File) + ":" + strconv.Itoa(s.Line)
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
