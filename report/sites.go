package report

import (
	"fmt"
	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/profile/leak"
	"math"
	"strings"
)

// TopSites is the n call sites that grew most, a line each, with the columns aligned:
// "≈ +17.0 MiB  1,420 B/request (95% CI 1,190 … 1,650 B)  main.newSession  session.go:88".
// The last one says how much is left out. A "≈" is before each size, since heap profiles
// are samples; a site that is a guess has "perhaps" before it and no interval. A holder
// has the size of what it holds, and the allocating frame stands last where it is
// another one.
func TopSites(growth []heap.Site, n int) []string {
	var grown []heap.Site
	for _, s := range growth {
		if s.Bytes > 0 {
			grown = append(grown, s)
		}
	}
	shown := grown[:min(n, len(grown))]
	var size, per, interval, name int
	for _, s := range shown {
		size = max(size, len([]rune(about(s))))
		_, slope := whole(s)
		per = max(per, len(Bytes(slope.Value)))
		interval = max(interval, len([]rune(bounds(slope))))
		name = max(name, len([]rune(s.Func)))
	}
	lines := make([]string, len(shown))
	for i, s := range shown {
		_, slope := whole(s)
		lines[i] = fmt.Sprintf("%*s  %*s/request%-*s  %-*s  %s%s", size, about(s), per, Bytes(slope.Value), interval, bounds(slope), name, s.Func, place(s), besides(s))
	}
	if rest := grown[len(shown):]; len(rest) > 0 && len(shown) > 0 {
		var bytes int64
		for _, s := range rest {
			more, _ := whole(s)
			bytes += more
		}
		lines[len(lines)-1] += fmt.Sprintf("  (%d more sites, ≈ %s)", len(rest), signedMiB(bytes))
	}
	return lines
}

// about is what a site grew by with all that it holds, as far as samples tell.
func about(s heap.Site) string {
	bytes, _ := whole(s)
	size := "≈ " + signedMiB(bytes)
	if s.Uncertain {
		return "perhaps " + size
	}
	return size
}

// bounds is the interval of a slope in brackets; nothing where there is none.
func bounds(slope leak.Estimate) string {
	if interval := intervalInWords(slope); interval != "" {
		return " (" + interval + ")"
	}
	return ""
}

// whole is what a site grew by with all that it holds, and how much of it with each
// request. What is allocated in different places is sampled independently, so that the
// halves of their intervals add up as squares. There is no interval where one of them
// has none, and none of a guess.
func whole(s heap.Site) (bytes int64, perRequest leak.Estimate) {
	bytes = s.Bytes
	known := !s.Uncertain && s.Lo < s.Hi
	value, half := s.PerRequest, (s.Hi-s.Lo)/2
	for _, h := range s.Holds {
		bytes, value = bytes+h.Bytes, value+h.PerRequest
		known, half = known && h.Lo < h.Hi, math.Hypot(half, (h.Hi-h.Lo)/2)
	}
	perRequest = leak.Estimate{Value: value, Lo: value, Hi: value, Points: 1}
	if known {
		perRequest.Lo, perRequest.Hi = value-half, value+half
	}
	return bytes, perRequest
}

// besides is the frame that allocates and what the site holds, where there are such.
func besides(s heap.Site) string {
	var words string
	if s.Alloc != "" {
		words += "  ← " + s.Alloc
	}
	const named = 3
	for i, h := range s.Holds[:min(named, len(s.Holds))] {
		words += []string{"  holds ", ", "}[min(i, 1)] + h.Func
	}
	if n := len(s.Holds); n > named {
		words += fmt.Sprintf(" and %d more", n-named)
	}
	return words
}

// siteRow is a call site as tables show it.
type siteRow struct {
	heap.Site
	Place, Size, PerRequest, Interval, Objects string
	Held                                       []*siteRow // what it holds
}

func newSiteRow(s heap.Site) *siteRow {
	_, slope := whole(s)
	row := &siteRow{
		Site: s, Place: place(s), Size: about(s), PerRequest: SignedBytes(slope.Value), Interval: intervalInWords(slope), Objects: signedCount(s.Objects),
	}
	for _, h := range s.Holds {
		row.Held = append(row.Held, newSiteRow(heap.Site{
			Func: h.Func, File: h.File, Line: h.Line, Bytes: h.Bytes, Objects: h.Objects, PerRequest: h.PerRequest, Lo: h.Lo, Hi: h.Hi,
			Uncertain: s.Uncertain, Stack: h.Stack,
		}))
	}
	return row
}

// nameless is an interval without its name, for a column that has it.
func nameless(interval string) string { return strings.TrimPrefix(interval, "95% CI ") }

// place is a site as "session.go:88".
func place(s heap.Site) string { return placeIn(s.File, s.Line) }
