package engine

import (
	"fmt"
	"path"

	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// growth returns what the heap profiles of the measured load say grew.
func (j *journal) growth(r *report.Record) []heap.Site {
	heaps := judgedHeaps(r.HeapProfiles, oomKill(r) != nil)
	if len(heaps) < 2 {
		return nil
	}
	sites, err := heap.Growth(heaps)
	if err != nil {
		j.warn(fmt.Sprintf("the growth by call site is not known: %v", err))
	}
	return sites
}

// guess names the likeliest places where memory leaks by so little, or in so few steps,
// that none can be told from chance, and where the target was OOM-killed.
// If they are known to grow, the run is judged again.
func (j *journal) guess(r *report.Record) {
	killed := oomKill(r) != nil
	if len(r.Sites) > 0 || !killed && r.Trend.Verdict != leak.Leaking {
		return
	}
	heaps := judgedHeaps(r.HeapProfiles, killed)
	sites, err := heap.Suspects(heaps)
	if err != nil && len(heaps) == 1 { // of more, Growth has said it
		j.warn(fmt.Sprintf("what the target held is not known: %v", err))
	}
	r.Sites = sites
	if r.KnownGrowth() > 0 {
		r.Trend = leak.Detect(r.Evidence())
	}
}

// grownTasks returns what the goroutine profiles of the measured load say grew.
func (j *journal) grownTasks() []heap.GoroutineGrowth {
	if len(j.tasks) < 2 {
		return nil
	}
	list, err := heap.GrowingGoroutines(j.tasks)
	if err != nil {
		j.warn(fmt.Sprintf("the growth of goroutines is not known: %v", err))
	}
	return list
}

// nameless returns, of a target in another language, that what grew has no names, and how
// to get them; "" if it has.
func nameless(r *report.Record) string {
	for _, s := range r.Sites[:min(3, len(r.Sites))] {
		if s.Offset != 0 {
			return fmt.Sprintf("what grew has no name: no symbols of %s can be read; leave them in it (no strip, no -s), or ask addr2line -f -C -e %s %#x", path.Base(s.File), s.File, s.Offset)
		}
	}
	return ""
}

// retained returns what the last profile that growth is found in holds, beside the first.
func retained(r *report.Record) []heap.Box {
	heaps := judgedHeaps(r.HeapProfiles, oomKill(r) != nil)
	if len(heaps) == 0 {
		return nil
	}
	var first heap.Profile
	if len(heaps) > 1 {
		first = heaps[0]
	}
	boxes, err := heap.Icicle(first, heaps[len(heaps)-1])
	if err != nil {
		return nil // Growth has read the same profiles, and said what is wrong with them; a heap that holds nothing is no picture
	}
	return boxes
}

// judgedHeaps returns the profiles that growth is found in: those taken by plan, ahead of the
// final phase. Of those that the recorder took near the limit it is the last, if the target was
// killed; many close together would only show chance. Where nothing else was taken they
// are all there is.
func judgedHeaps(all []report.ProfileFile, killed bool) []heap.Profile {
	var planned, alarmed []heap.Profile
	for _, h := range all {
		heap := heap.Profile{At: h.At, Requests: h.Requests, Raw: h.Raw}
		switch {
		case h.Phase == report.Final:
		case h.Why == "":
			planned = append(planned, heap)
		case killed:
			alarmed = append(alarmed, heap)
		}
	}
	n := len(alarmed)
	switch {
	case len(planned) == 0:
		return alarmed
	case n > 0 && alarmed[n-1].At > planned[len(planned)-1].At:
		return append(planned, alarmed[n-1])
	}
	return planned
}

// oomKill returns the finding that the target was OOM-killed; nil if it was not.
func oomKill(r *report.Record) *report.Finding {
	for i := range r.Notes {
		if r.Notes[i].Kind == report.OOMKilled {
			return &r.Notes[i]
		}
	}
	return nil
}
