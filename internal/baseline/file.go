// Package baseline keeps the figures of accepted runs in files that are committed beside
// a test: Go benchmark format, one file for each class of host, whole or not read at all.
//
// Benchmark, Unit and configuration lines are what Record.Bench writes, so that stock
// benchstat reads a baseline and compares it with saved results. All else is in lines that
// begin with "#", which benchstat skips: as configuration, a commit or a date would make it
// put each file into a table of its own.
package baseline

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"golang.org/x/perf/benchfmt"

	"github.com/memgate/memgate/internal/stats"
	"github.com/memgate/memgate/report"
)

// Version is the version of the format that this package reads and writes.
const Version = 1

// Limits of what is read.
const (
	mostBytes   = 1 << 20
	mostTrials  = 1000
	longestLine = 10_000 // bytes
)

// File is what a baseline file says.
type File struct {
	Class    Class
	When     time.Time // to the second: when it was recorded
	Commit   string    // of the working directory then; empty if not known
	Package  string    // import path of the test; empty if not known
	Name     string    // of the benchmark, without "Benchmark"
	Requests []int     // served in each trial
	Figures  []Figure  // in the order of their importance
	History  []Change  // of the reference, oldest first
}

// Figure is one figure of all trials.
type Figure struct {
	Metric report.Metric // as in report.Figure
	More   bool          // more of it is better

	// Values are of the trials in which the figure was accepted last: it may have been
	// tightened while others stayed, so that a line of the file need not be one trial.
	Values []float64

	// Noise is the difference that two sets of trials of one and the same scenario may
	// show, as SelfTest learned it, in Unit; 0 if it has not been learned.
	Noise float64
}

// Change is one step of a figure's reference, by medians in Unit.
type Change struct {
	When     time.Time // to the day
	Commit   string
	Metric   report.Metric
	From, To float64
	Why      Why
}

// Why is the reason of a change.
type Why string

// The reasons of a change.
const (
	Accepted  Why = "accepted"  // somebody asked for it: MEMTEST_UPDATE=1
	Tightened Why = "tightened" // it had become better
)

// Of makes a file of trials of one scenario on one host.
func Of(trials []*report.Record) (*File, error) {
	if len(trials) == 0 {
		return nil, fmt.Errorf("make baseline: no trials: run the scenario with memtest.Trials")
	}
	if len(trials) > mostTrials {
		return nil, fmt.Errorf("make baseline: %d trials, %d are read back at most: keep fewer", len(trials), mostTrials)
	}
	f := &File{Class: ClassOf(trials[0].Env), When: trials[len(trials)-1].Started.UTC().Truncate(time.Second), Commit: word(trials[0].Env.GitCommit)}
	for i, r := range trials {
		if class := ClassOf(r.Env); class != f.Class {
			return nil, fmt.Errorf("make baseline: trial %d is of another host than the first (%s): record all on one", i+1, class.Differs(f.Class))
		}
		var text bytes.Buffer
		if err := r.Bench(&text); err != nil {
			return nil, fmt.Errorf("make baseline: %w", err)
		}
		if err := f.addBenchmarks(benchfmt.NewReader(&text, "trial"), i+1); err != nil {
			return nil, fmt.Errorf("make baseline: trial %d: %w", i+1, err)
		}
		if len(f.Requests) != i+1 {
			return nil, fmt.Errorf("make baseline: trial %d measured nothing: see its report %s", i+1, r.Report)
		}
	}
	units := report.Metrics()
	slices.SortFunc(f.Figures, func(a, b Figure) int { return slices.Index(units, a.Metric) - slices.Index(units, b.Metric) })
	return f, nil
}

// addBenchmarks adds what a reader of benchmark format finds.
func (f *File) addBenchmarks(r *benchfmt.Reader, most int) error {
	for r.Scan() {
		switch rec := r.Result().(type) {
		case *benchfmt.SyntaxError:
			return faultAt(rec.Line, "%s", rec.Msg)
		case *benchfmt.UnitMetadata:
			if err := f.addUnit(rec); err != nil {
				return err
			}
		case *benchfmt.Result:
			if len(f.Requests) >= most {
				_, line := rec.Pos()
				return faultAt(line, "more than %d trials", most)
			}
			if err := f.addTrial(rec); err != nil {
				return err
			}
		}
	}
	if err := r.Err(); err != nil {
		return fmt.Errorf("read benchmark lines: %w", err)
	}
	return nil
}

func (f *File) addUnit(u *benchfmt.UnitMetadata) error {
	_, line := u.Pos()
	switch {
	case !slices.Contains(report.Metrics(), report.Metric(u.OrigUnit)):
		return faultAt(line, "no figure has the unit %q: it is one of %v", u.OrigUnit, report.Metrics())
	case u.Key != "better" || u.Value != "lower" && u.Value != "higher":
		return faultAt(line, "unit %s has %s=%s, and better=lower or better=higher is to be there", u.OrigUnit, u.Key, u.Value)
	}
	if f.Figure(report.Metric(u.OrigUnit)) == nil {
		f.Figures = append(f.Figures, Figure{Metric: report.Metric(u.OrigUnit), More: u.Value == "higher"})
	}
	return nil
}

func (f *File) addTrial(r *benchfmt.Result) error {
	_, line := r.Pos()
	name := r.Name.String()
	if len(f.Requests) > 0 && name != f.Name {
		return faultAt(line, "a trial of %s among those of %s: a baseline is of one test", name, f.Name)
	}
	f.Name, f.Package = name, r.GetConfig("pkg")
	f.Requests = append(f.Requests, r.Iters)
	seen := map[string]bool{}
	for _, v := range r.Values {
		figure := f.Figure(report.Metric(v.Unit))
		switch {
		case !possible(report.Metric(v.Unit), v.Value): // first: what is no number seems scaled
			return faultAt(line, "%s cannot be %v", v.Unit, v.Value)
		case figure == nil || v.OrigUnit != "":
			return faultAt(line, "the unit of %v %s is not among the Unit lines above", v.Value, v.Unit)
		case seen[v.Unit]:
			return faultAt(line, "%s is there twice", v.Unit)
		}
		seen[v.Unit] = true
		figure.Values = append(figure.Values, v.Value)
	}
	return nil
}

// Figure returns the figure of that unit; nil if there is none.
func (f *File) Figure(unit report.Metric) *Figure {
	for i := range f.Figures {
		if f.Figures[i].Metric == unit {
			return &f.Figures[i]
		}
	}
	return nil
}

// Median returns the figure's reference.
func (f Figure) Median() float64 { return stats.Median(slices.Clone(f.Values)) }

// Values returns all figures by unit.
func (f *File) Values() map[report.Metric][]float64 {
	all := map[report.Metric][]float64{}
	for _, figure := range f.Figures {
		all[figure.Metric] = figure.Values
	}
	return all
}

// Noise returns what is known of the figures' noise, by unit.
func (f *File) Noise() map[report.Metric]float64 {
	all := map[report.Metric]float64{}
	for _, figure := range f.Figures {
		if figure.Noise > 0 {
			all[figure.Metric] = figure.Noise
		}
	}
	return all
}
