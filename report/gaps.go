package report

import (
	"fmt"
	"time"

	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/profile"
)

const (
	longestGap = 3 * time.Second
	gapFrom    = 3 // planned distances between two samples are no gap yet

	gapShare = 0.1             // of a window that gaps may take
	gapLeast = time.Second / 2 // that they may take however short the window is
)

// LongestGap returns how long a gap is that makes the run inconclusive: what happened
// meanwhile is not known.
func (s Source) LongestGap() time.Duration { return max(longestGap, 10*s.Every) }

// ShortestGap returns the distance of two samples above which there is a gap between them.
func (s Source) ShortestGap() time.Duration { return gapFrom * s.Every }

// Gaps returns the times without samples in s, which were planned every so often.
func Gaps(s profile.Series, every time.Duration) []Gap {
	var gaps []Gap
	revived := false
	last := -1
	for i := range s {
		if s[i].Seam() {
			revived = true
			continue
		}
		if last >= 0 && (revived || every > 0 && s[i].At-s[last].At > gapFrom*every) {
			gaps = append(gaps, Gap{From: s[last].At, To: s[i].At, Revived: revived})
		}
		last, revived = i, false
	}
	return gaps
}

// gapsInWords returns what gaps make of a window's evidence, a sentence each; nothing if
// they do not matter.
func gapsInWords(gaps []Gap, window, every time.Duration) []string {
	var said []string
	var sum time.Duration
	for _, g := range gaps {
		length := (g.To - g.From).Round(100 * time.Millisecond)
		sum += g.To - g.From - every
		switch {
		case g.Revived:
			said = append(said, fmt.Sprintf("the target ended and was started again between %s and %s", words.Clock(g.From), words.Clock(g.To)))
		case g.To-g.From >= max(longestGap, 10*every):
			said = append(said, fmt.Sprintf("no memory sample was taken for %v from %s on", length, words.Clock(g.From)))
		}
	}
	if len(said) == 0 && window > 0 && sum > gapLeast && float64(sum) > gapShare*float64(window) {
		said = append(said, fmt.Sprintf("%d gaps in the memory samples are %.0f %% of the time", len(gaps), 100*float64(sum)/float64(window)))
	}
	return said
}

// Stalls says what is wrong with the samples of the whole run, a sentence each.
func (r *Record) Stalls() []string {
	if len(r.Samples) == 0 {
		return nil
	}
	run := r.Samples[len(r.Samples)-1].At - r.Samples[0].At
	return gapsInWords(r.Source.Gaps, run, r.Source.Every)
}

// processesDuring returns what was seen of the target's processes in the phase of that name.
func (r *Record) processesDuring(phase string) []profile.Processes {
	p, ok := r.Phase(phase)
	if !ok {
		return nil
	}
	var in []profile.Processes
	for _, l := range r.Processes {
		if p.From <= l.At && l.At <= p.To {
			in = append(in, l)
		}
	}
	return in
}
