package tell

import (
	"fmt"

	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/heap"
)

// Sites returns the n call sites that grew most, a line each, with the columns aligned:
// "≈ +17.0 MiB  1,420 B/request (95% CI 1,190 … 1,650 B)  main.newSession  session.go:88".
// The last one says how much is left out. A "≈" is before each size, since heap profiles
// are samples; a site that is a guess has "perhaps" before it and no interval. A holder
// has the size of what it holds, and the allocating frame stands last where it is
// another one.
func Sites(growth []heap.Site, n int) []string {
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
		_, slope := s.Whole()
		per = max(per, len(words.Bytes(slope.Value)))
		interval = max(interval, len([]rune(bounds(slope))))
		name = max(name, len([]rune(s.Func)))
	}
	lines := make([]string, len(shown))
	for i, s := range shown {
		_, slope := s.Whole()
		lines[i] = fmt.Sprintf("%*s  %*s/request%-*s  %-*s  %s%s", size, about(s), per, words.Bytes(slope.Value), interval, bounds(slope), name, s.Func, Place(s), besides(s))
	}
	if rest := grown[len(shown):]; len(rest) > 0 && len(shown) > 0 {
		var bytes int64
		for _, s := range rest {
			more, _ := s.Whole()
			bytes += more
		}
		lines[len(lines)-1] += fmt.Sprintf("  (%d more sites, ≈ %s)", len(rest), words.SignedMiB(bytes))
	}
	return lines
}

// about returns what a site grew by with all that it holds, as far as samples tell.
func about(s heap.Site) string {
	bytes, _ := s.Whole()
	size := "≈ " + words.SignedMiB(bytes)
	if s.Uncertain {
		return "perhaps " + size
	}
	return size
}

// bounds returns the interval of a slope in brackets; nothing where there is none.
func bounds(slope profile.Estimate) string {
	if interval := Interval(slope); interval != "" {
		return " (" + interval + ")"
	}
	return ""
}

// besides returns the frame that allocates and what the site holds, where there are such.
func besides(s heap.Site) string {
	var words string
	if s.Alloc != "" {
		words += "  ← " + s.Alloc
	}
	const named = 3
	for i, h := range s.Retains[:min(named, len(s.Retains))] {
		words += []string{"  holds ", ", "}[min(i, 1)] + h.Func
	}
	if n := len(s.Retains); n > named {
		words += fmt.Sprintf(" and %d more", n-named)
	}
	return words
}

// SiteRow is a call site as tables show it.
type SiteRow struct {
	heap.Site
	Place, Size, PerRequest, Interval, Ends, Objects string
	Held                                             []*SiteRow // what it holds
}

// NewSiteRow returns the row of a call site, with those of what it retains.
func NewSiteRow(s heap.Site) *SiteRow {
	_, slope := s.Whole()
	row := &SiteRow{
		Site: s, Place: Place(s), Size: about(s), PerRequest: words.SignedBytes(slope.Value), Interval: Interval(slope), Ends: Ends(slope), Objects: words.SignedCount(s.Objects),
	}
	for _, h := range s.Retains {
		row.Held = append(row.Held, NewSiteRow(heap.Site{
			Func: h.Func, File: h.File, Line: h.Line, Bytes: h.Bytes, Objects: h.Objects, PerRequest: h.PerRequest, Lo: h.Lo, Hi: h.Hi,
			Uncertain: s.Uncertain, Stack: h.Stack,
		}))
	}
	return row
}

// Place returns a site as "session.go:88".
func Place(s heap.Site) string { return PlaceIn(s.File, s.Line) }
