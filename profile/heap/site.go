package heap

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Site is one place in the target's code whose live heap grew: a line of the user's
// own code where the stack of the allocation has one (the first, from the allocation
// outwards), else of a dependency, else of the standard library.
type Site struct {
	Func string // the function, as pprof names it: "main.(*store).put"; "(other)" is the sum of the sites that are not listed
	File string
	Line int

	// Offset is where in File it is, if that is a binary without symbols; else 0. Func is then
	// made of both: "orders+0x12e4".
	Offset uint64

	Bytes      int64   // live bytes more than at first
	Objects    int64   // live objects more (or fewer) than at first
	PerRequest float64 // bytes per completed request; 0 where no requests were completed
	Lo, Hi     float64 // 95 % interval of PerRequest; both 0 where there were too few profiles to tell

	// Uncertain says that the site is a guess: it holds more at the end than at the
	// start, but did not grow throughout, or by no more than sampling can feign.
	Uncertain bool

	Retains []Retained // what grows in step with it and is therefore taken for what it holds, most bytes first; not in Bytes and PerRequest

	Alloc string   // the allocating frames of most bytes, up to three, where they are not Func itself: "bytes.growSlice slice.go:12"
	Stack []string // "func file:line" from the allocating frame outwards, of the stack that holds the most of Func's live bytes
}

// Retained is a call site that allocates what another one holds.
type Retained struct {
	Func       string
	File       string
	Line       int
	Bytes      int64    // live bytes more than at first
	Objects    int64    // live objects more than at first
	PerRequest float64  // bytes per completed request
	Lo, Hi     float64  // as of Site
	Stack      []string // as Site.Stack
}

// Growth finds the places in the target's code whose live heap grows with requests,
// from heap profiles in the order of time. Profiles of a Go target are samples, one
// per 512 KiB allocated by default: figures are estimates (≈).
//
// From four profiles on it lists only sites that grow in nearly every interval
// between them and go on to the end, by more than sampling can feign: no churn and no
// cache that has filled. Sites that grow in step are one leak: the holder, which is the
// one nearest to the user's own code, or a container, with the others as its Holds.
// Leaks of most bytes per request come first, what they hold included.
//
// Two or three profiles cannot tell growth from churn: then it lists every site that
// holds more in the last profile than in the first, most bytes first.
//
// At most 50 sites are listed, and the sum of the others as "(other)". A profile that
// cannot be read is left out, and the error names it; the sites are then those of the
// others. They are parsed one after the other, with the next being unpacked beside it:
// that allocates less than 640 MiB at a time, whatever they hold.
func Growth(heaps []Profile) ([]Site, error) {
	g, err := readGrowth(heaps)
	if len(g.requests) < 2 {
		return nil, errors.Join(err, fmt.Errorf("find growth: %d heap profiles that can be read are not enough: "+
			"it takes two to see a difference and four to see growth", len(g.requests)))
	}
	return g.sites(), err
}

// Suspects returns the few places that hold most more in the last profiles than in the
// first, for a run whose memory grew where Growth lists nothing: a leak too small to
// be told from the noise of sampling, or a table that doubles now and then. All are
// Uncertain. Of a single profile it is the places that hold most.
func Suspects(heaps []Profile) ([]Site, error) {
	g, err := readGrowth(heaps)
	if len(g.requests) == 0 {
		return nil, err
	}
	return g.candidates(), err
}

func readGrowth(heaps []Profile) (*growth, error) {
	var g growth
	var errs []error
	ahead := unpackAhead(heaps)
	for i, h := range heaps {
		u := <-ahead
		p, err := (*heapProfile)(nil), u.err
		if err == nil {
			p, err = parseWire(u.wire, heapKind)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("read heap profile %d of %d, taken at %v: %w", i+1, len(heaps), h.At.Round(time.Millisecond), err))
			continue
		}
		g.add(h, p)
	}
	return &g, errors.Join(errs...)
}

// unpacked is a profile that is ready to be parsed.
type unpacked struct {
	wire []byte
	err  error
}

// unpackAhead unpacks heaps, in their order, one ahead of the one that is parsed. All
// must be received.
func unpackAhead(heaps []Profile) <-chan unpacked {
	ahead := make(chan unpacked)
	go func() {
		for _, h := range heaps {
			wire, err := unpack(h.Raw, heapKind)
			ahead <- unpacked{wire, err}
		}
	}()
	return ahead
}

// maxSites is how many sites Growth lists.
const maxSites = 50

const otherSites = "(other)"

// maxCandidates is how many sites Candidates lists.
const maxCandidates = 5

// sites returns what Growth lists.
func (g *growth) sites() []Site {
	certain, others := g.growing()
	var tables []line
	for _, l := range others {
		if l.table && l.whose != standard {
			tables = append(tables, l)
		}
	}
	leaks := group(certain, tables)
	listed := make([]Site, 0, min(len(leaks), maxSites+1))
	rest := Site{Func: otherSites}
	for _, l := range leaks {
		if len(listed) == maxSites || l.fn == otherSites {
			slope, rise := l.total()
			rest.Bytes += int64(rise)
			rest.Objects += int64(l.objects.rise)
			rest.PerRequest += slope
			continue
		}
		listed = append(listed, g.site(l))
	}
	if rest.Bytes > 0 {
		listed = append(listed, rest)
	}
	return listed
}

// candidates returns what Candidates lists.
func (g *growth) candidates() []Site {
	if len(g.requests) == 1 { // as if nothing had been held before
		g.requests = []float64{0, max(1, g.requests[0])}
		for _, h := range g.bySite {
			h.bytes, h.objects, h.allocated = append([]float64{0}, h.bytes...), append([]float64{0}, h.objects...), append([]float64{0}, h.allocated...)
		}
	}
	certain, others := g.growing()
	var likely []line
	for _, l := range append(certain, others...) {
		if l.fn != otherSites && (l.bytes.slope > 0 || !l.bytes.interval()) {
			likely = append(likely, l)
		}
	}
	slices.SortFunc(likely, byGrowth)
	leaks := group(likely[:min(len(likely), maxCandidates)], nil)
	listed := make([]Site, 0, len(leaks))
	for _, l := range leaks {
		s := g.site(l)
		s.Uncertain = true
		listed = append(listed, s)
	}
	return listed
}

func (g *growth) site(l leak) Site {
	stack := g.stacks[l.place]
	s := Site{
		Func: l.fn, File: l.file, Line: l.place.line(), Offset: l.offset(),
		Bytes: int64(l.bytes.rise), Objects: int64(l.objects.rise),
		PerRequest: l.bytes.slope, Lo: l.bytes.lo, Hi: l.bytes.hi,
		Stack: words(stack),
	}
	s.Alloc = strings.Join(g.allocs[l.place], ", ")
	for _, h := range l.holds {
		s.Retains = append(s.Retains, Retained{
			Func: h.fn, File: h.file, Line: h.line(),
			Bytes: int64(h.bytes.rise), Objects: int64(h.objects.rise), PerRequest: h.bytes.slope, Lo: h.bytes.lo, Hi: h.bytes.hi,
			Stack: words(g.stacks[h.place]),
		})
	}
	return s
}

// words returns a stack as text: "func file:line".
func words(stack []place) []string {
	var lines []string
	for _, p := range stack {
		lines = append(lines, p.fn+" "+p.file+":"+strconv.Itoa(p.line()))
	}
	return lines
}
