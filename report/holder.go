package report

import (
	"fmt"
	"github.com/memgate/memgate/profile/leak"
	"strings"
)

// Holder is what keeps memory alive that grew: clearing it would free that memory.
type Holder struct {
	Name       string   // "global variable example.com/shop.carts", "goroutines main.worker [chan receive], started by main.serve"
	Type       string   // "map[string]*shop.cart"; empty if it is not known
	From       string   // where the path to it begins, if that is not itself: "global variable net/http.DefaultServeMux"
	Bytes      int64    // of the growth, that it holds
	Share      float64  // of the growth of all that is reachable, from 0 to 1
	PerRequest float64  // bytes with each request
	Objects    float64  // objects with each request, all that hangs on its elements included
	Elements   float64  // of its own elements, with each request: 1 is one map entry, one goroutine more
	Before     int64    // its elements after the warm-up
	After      int64    // and at the end
	Counts     []uint64 // its elements at each of Record.Reachable
	Holds      []Held   // what it holds, the heaviest first
	AlsoHeldBy []string // what else holds the same: clearing one is not enough
}

// Held is a path below a holder, with all elements as one.
type Held struct {
	Path    string // "[value].items[*]"
	Type    string
	Bytes   int64   // growth of all that is on the path and below
	Objects float64 // on the path, with each request
}

const (
	nearlyOne  = 0.05 // distance from one that is still called one
	heldShown  = 3
	fewPercent = 0.3 // share of the growth from which on a holder is called the holder
)

// HolderLines is who holds what grew, in lines for a message: the holder, its share,
// what it holds, who else does. They are empty if nobody is named.
func (r *Record) HolderLines() []string {
	var lines []string
	for i, h := range r.Holders {
		if i > 0 && h.Share < fewPercent {
			break // what is beside the holder
		}
		lines = append(lines, h.String(), "  "+h.shareInWords())
		for _, s := range h.Holds[:min(heldShown, len(h.Holds))] {
			lines = append(lines, "  "+s.String())
		}
		if len(h.AlsoHeldBy) > 0 {
			lines = append(lines, "  the same is held by "+strings.Join(h.AlsoHeldBy, "; "))
		}
	}
	return lines
}

// String is the holder in one line: name, type, where it is reached from.
func (h Holder) String() string {
	s := h.Name
	if h.Type != "" {
		s += " (" + h.Type + ")"
	}
	if h.From != "" {
		s += ", reached from " + h.From
	}
	return s
}

// shareInWords is "98 % of the growth, 2,445 B with each request; one more with each
// request (2,000 → 8,000)".
func (h Holder) shareInWords() string {
	s := fmt.Sprintf("holds %.0f%% of the growth, %s with each request", 100*h.Share, Bytes(h.PerRequest))
	switch {
	case h.Elements == 0:
		return s + "; it grows by itself"
	case h.Elements > 1-nearlyOne && h.Elements < 1+nearlyOne:
		s += "; one more with each request"
	default:
		s += fmt.Sprintf("; %.2f more with each request", h.Elements)
	}
	counts := h.Counts
	if len(counts) < 3 {
		counts = []uint64{uint64(max(h.Before, 0)), uint64(max(h.After, 0))}
	}
	words := make([]string, len(counts))
	for i, n := range counts {
		words[i] = Count(n)
	}
	return s + fmt.Sprintf(" (%s)", strings.Join(words, " → "))
}

func (h Held) String() string {
	s := h.Path
	if h.Type != "" {
		s = strings.TrimSpace(s + " (" + h.Type + ")")
	}
	return fmt.Sprintf("%s  %s  %.2f with each request", signedMiB(h.Bytes), s, h.Objects)
}

// ShareInWords is for a page.
func (h Holder) ShareInWords() string { return upperFirst(h.shareInWords()) }

// holderInWords is the first holder, or why there is none where something grew.
func (r *Record) holderInWords() string {
	switch {
	case len(r.Holders) > 0:
		return fmt.Sprintf("%s: %.0f%%", r.Holders[0], 100*r.Holders[0].Share)
	case r.Trend.Verdict == leak.Leaking && r.HoldersWhyNot != "":
		return "not known: " + r.HoldersWhyNot
	}
	return ""
}
