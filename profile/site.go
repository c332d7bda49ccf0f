package profile

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"time"
)

// Site is one place in the target's code whose live heap grew: a line of the user's
// own code where the stack of the allocation has one (the first, from the allocation
// outwards), else of a dependency, else of the standard library.
type Site struct {
	Func string // the function, as pprof names it: "main.(*store).put"; "(other)" is the sum of the sites that are not listed
	File string
	Line int

	Bytes      int64   // live bytes more than at first
	Objects    int64   // live objects more (or fewer) than at first
	PerRequest float64 // bytes per completed request; 0 where no requests were completed
	Lo, Hi     float64 // 95 % interval of PerRequest; both 0 where there were too few profiles to tell

	Alloc string   // the allocating frame, where it is not Func itself: "bytes.growSlice slice.go:12"
	Stack []string // "func file:line" from the allocating frame outwards, of the stack that holds the most of Func's live bytes
}

// Growth finds the places in the target's code whose live heap grows with requests,
// from heap profiles in the order of time. Profiles of a Go target are samples, one
// per 512 KiB allocated by default: figures are estimates (≈).
//
// From four profiles on it lists only sites that grow in nearly every interval
// between them and go on to the end, by more than sampling can feign: no churn and no
// cache that has filled. Sites of the user's own code and of dependencies come before
// those of the standard library that grow in step with them, since these are what
// they hold; otherwise most bytes per request come first.
//
// Two or three profiles cannot tell growth from churn: then it lists every site that
// holds more in the last profile than in the first, most bytes first.
//
// At most 50 sites are listed, and the sum of the others as "(other)". A profile that
// cannot be read is left out, and the error names it; the sites are then those of the
// others. They are read one after the other; reading one allocates less than 512 MiB,
// whatever it holds.
func Growth(heaps []Heap) ([]Site, error) {
	var g growth
	var errs []error
	for i, h := range heaps {
		p, err := parseHeap(h.Raw)
		if err != nil {
			errs = append(errs, fmt.Errorf("read heap profile %d of %d, taken at %v: %w", i+1, len(heaps), h.At.Round(time.Millisecond), err))
			continue
		}
		g.add(h, p)
	}
	if len(g.requests) < 2 {
		errs = append(errs, fmt.Errorf("find growth: %d heap profiles that can be read are not enough: "+
			"it takes two to see a difference and four to see growth", len(g.requests)))
		return nil, errors.Join(errs...)
	}
	return g.sites(), errors.Join(errs...)
}

// maxSites is how many sites Growth lists.
const maxSites = 50

const otherSites = "(other)"

// sites is what Growth lists.
func (g *growth) sites() []Site {
	lines := g.growing()
	rank(lines)
	listed := make([]Site, 0, min(len(lines), maxSites+1))
	rest := Site{Func: otherSites}
	for _, l := range lines {
		if len(listed) == maxSites || l.fn == otherSites {
			rest.Bytes += int64(l.bytes.rise)
			rest.Objects += int64(l.objects.rise)
			rest.PerRequest += l.bytes.slope
			continue
		}
		listed = append(listed, l.site(g.stacks[l.place]))
	}
	if rest.Bytes > 0 {
		listed = append(listed, rest)
	}
	return listed
}

func (l line) site(stack []place) Site {
	s := Site{
		Func: l.fn, File: l.file, Line: l.line,
		Bytes: int64(l.bytes.rise), Objects: int64(l.objects.rise),
		PerRequest: l.bytes.slope, Lo: l.bytes.lo, Hi: l.bytes.hi,
	}
	for _, p := range stack {
		s.Stack = append(s.Stack, p.fn+" "+p.file+":"+strconv.Itoa(p.line))
	}
	if len(stack) > 0 && stack[0] != l.place {
		s.Alloc = stack[0].fn + " " + path.Base(stack[0].file) + ":" + strconv.Itoa(stack[0].line)
	}
	return s
}
