package baseline

import (
	"fmt"
	"slices"
	"time"

	"github.com/memgate/memgate/report"
)

// Accept returns the file with the trials of now in the place of its own, since somebody asked
// for that: the reference may go up. What it was goes into the history.
func (f *File) Accept(now *File) *File {
	next := *now
	next.History = slices.Clone(f.History)
	next.Figures = slices.Clone(now.Figures)
	for i := range next.Figures {
		to := &next.Figures[i]
		from := f.Figure(to.Metric)
		if from == nil {
			continue
		}
		to.Noise = from.Noise
		next.note(now, from, to.Median(), Accepted)
	}
	return &next
}

// Tighten returns the file with the trials of now for the figures that became better. All
// others stay as they were: no reference goes up by itself.
func (f *File) Tighten(now *File, units []report.Metric) *File {
	next := *f
	next.When, next.Commit = now.When, now.Commit
	next.History, next.Figures, next.Requests = slices.Clone(f.History), slices.Clone(f.Figures), slices.Clone(f.Requests)
	for i := range next.Figures {
		figure := &next.Figures[i]
		better := now.Figure(figure.Metric)
		if better == nil || !slices.Contains(units, figure.Metric) {
			continue
		}
		next.note(now, figure, better.Median(), Tightened)
		figure.Values = better.Values
	}
	next.fitRequests(now)
	return &next
}

// fitRequests makes as many lines as the longest figure needs.
func (f *File) fitRequests(now *File) {
	n := 0
	for _, figure := range f.Figures {
		n = max(n, len(figure.Values))
	}
	if have := len(f.Requests); have < n {
		f.Requests = append(f.Requests, now.Requests[have:n]...)
	}
	f.Requests = f.Requests[:n]
}

// note adds a change to the history, if it is one at the precision that is kept.
func (f *File) note(now *File, from *Figure, to float64, why Why) {
	before := from.Median()
	if rounded(from.Metric, before) == rounded(from.Metric, to) {
		return
	}
	day := now.When.UTC().Truncate(24 * time.Hour)
	f.History = append(f.History, Change{When: day, Commit: now.Commit, Metric: from.Metric, From: before, To: to, Why: why})
}

// Drift is how far a figure's reference has come from the lowest that it ever was, one
// accepted step after the other.
type Drift struct {
	Metric     report.Metric
	Lowest, At float64 // the lowest reference, and today's
	Since      time.Time
	Steps      int // accepted since then
}

// Drift returns the drift of the figure of that unit; no Steps if there was none.
func (f *File) Drift(unit report.Metric) Drift {
	figure := f.Figure(unit)
	if figure == nil {
		return Drift{}
	}
	d := Drift{Metric: unit, At: figure.Median()}
	d.Lowest = d.At
	lowest := -1
	for i, c := range f.History {
		if c.Metric != unit {
			continue
		}
		if c.From < d.Lowest {
			d.Lowest, d.Since, lowest = c.From, c.When, i-1
		}
		if c.To < d.Lowest {
			d.Lowest, d.Since, lowest = c.To, c.When, i
		}
	}
	for _, c := range f.History[lowest+1:] {
		if c.Metric == unit && c.Why == Accepted && d.Lowest < d.At {
			d.Steps++
		}
	}
	return d
}

// String returns "+12.6% in 4 accepted changes since 2026-11-01 (30.000 MiB -> 33.780 MiB)".
func (d Drift) String() string {
	s := "s"
	if d.Steps == 1 {
		s = ""
	}
	by := percent(d.Metric, d.Lowest, d.At)
	if by == "-" {
		by = "+" + quantity(d.Metric, d.At-d.Lowest)
	}
	return fmt.Sprintf("%s in %d accepted change%s since %s (%s -> %s)", by, d.Steps, s, d.Since.Format(time.DateOnly),
		quantity(d.Metric, d.Lowest), quantity(d.Metric, d.At))
}

// WithNoise returns the file with the noise that SelfTest learned, by unit.
func (f *File) WithNoise(floors map[report.Metric]float64) *File {
	next := *f
	next.Figures = slices.Clone(f.Figures)
	for i := range next.Figures {
		if floor, ok := floors[next.Figures[i].Metric]; ok {
			next.Figures[i].Noise = floor
		}
	}
	return &next
}
