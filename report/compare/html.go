package compare

import (
	"bufio"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"time"

	"github.com/memgate/memgate/internal/chart"
	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/internal/text"
	"github.com/memgate/memgate/internal/theme"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
)

//go:embed compare.html.tmpl
var compareSource string

var compareTemplate = template.Must(template.New("compare").Funcs(template.FuncMap{"style": theme.CSS}).Parse(compareSource))

// HTML writes the comparison as one file that needs nothing else: the pictures of both
// over one another, the changes with their intervals, the call sites that came and went.
func (c *Comparison) HTML(w io.Writer) error {
	b := bufio.NewWriter(w)
	err := compareTemplate.Execute(b, newComparePage(c.visible()))
	if err == nil {
		err = b.Flush()
	}
	if err != nil {
		return fmt.Errorf("write comparison: %w", err)
	}
	return nil
}

// visible returns the comparison of what may be shown.
func (c *Comparison) visible() *Comparison {
	shown := *c
	shown.Before, shown.After = nil, nil
	for _, r := range c.Before {
		shown.Before = append(shown.Before, r.Visible())
	}
	for _, r := range c.After {
		shown.After = append(shown.After, r.Visible())
	}
	shown.Sites, shown.Retained = siteDeltas(shown.Before, shown.After), heldDeltas(shown.Before, shown.After)
	return &shown
}

type comparePage struct {
	Name, Headline     string
	Word               standing
	Worse, Better      bool
	Sides              []compareSide
	Charts             []*compareChart
	Rows               []deltaRow
	Came, Went, Stayed []siteDeltaRow
	More               int
	Held               []heldRow
	Judged             bool
	Trials             string // in which order the runs were made
}

type heldRow struct{ Func, Before, After, Change string }

type compareSide struct{ Word, Name, Runs, Commit, Image, Started string }

type deltaRow struct {
	Figure, Before, After, Change, Interval, P, Allowed string
	Word                                                standing
	Bad                                                 bool
}

type siteDeltaRow struct{ Func, Place, Before, After, Change string }

func newComparePage(c *Comparison) *comparePage {
	p := &comparePage{Name: "no run", Judged: len(c.Judged) > 0, Sides: []compareSide{newSide("before", c.Before), newSide("after", c.After)}}
	for _, r := range append(append([]*report.Record{}, c.Before...), c.After...) {
		p.Name = r.Name
		if !r.Trial.Alone() {
			p.Name = cmp.Or(r.Test.Name, r.Name)
			p.Trials = fmt.Sprintf("Trials were interleaved; MEMTEST_SEED=%d gives their order again.", r.Trial.Seed)
		}
	}
	for _, d := range c.Deltas {
		check, judged := c.check(d.Metric)
		p.Rows = append(p.Rows, newDeltaRow(d, check, judged))
	}
	p.decide(c)
	for _, h := range c.Retained[:min(len(c.Retained), mostHeld)] {
		p.Held = append(p.Held, heldRow{h.Func, words.Mebibytes(h.Before) + " MiB", words.Mebibytes(h.After) + " MiB", words.SignedMiB(int64(h.After - h.Before))})
	}
	for i, s := range c.Sites {
		if i == mostSiteDeltas {
			p.More = len(c.Sites) - i
			break
		}
		row := siteDeltaRow{Func: s.Site.Func, Place: tell.Place(s.Site), Before: words.SignedBytes(s.Before), After: words.SignedBytes(s.After), Change: words.SignedBytes(s.After - s.Before)}
		switch s.In {
		case [2]bool{false, true}:
			p.Came = append(p.Came, row)
		case [2]bool{true, false}:
			p.Went = append(p.Went, row)
		default:
			p.Stayed = append(p.Stayed, row)
		}
	}
	for _, narrow := range []bool{false, true} {
		if drawn := newCompareChart(c, narrow); drawn != nil {
			p.Charts = append(p.Charts, drawn)
		}
	}
	return p
}

// decide says in one sentence what changed: the first figure of memory, or any that was
// judged, that got worse, or else better.
func (p *comparePage) decide(c *Comparison) {
	p.Word, p.Headline = noClearChange, "No figure of memory changed clearly"
	switch {
	case p.Judged:
		p.Word, p.Headline = notWorse, "No figure got worse by more than is tolerated"
	case len(c.Deltas) > 0 && !slices.ContainsFunc(c.Deltas, func(d Delta) bool { return d.Change.Known }):
		p.Word, p.Headline = cannotTell, "Too few runs to tell: "+c.Deltas[len(c.Deltas)-1].Change.Why
	}
	for _, bad := range []bool{true, false} {
		for i, row := range p.Rows {
			d := c.Deltas[i]
			if d.Metric == report.P99Latency && !p.Judged || d.Metric.More() || row.Bad != bad || !bad && row.Word != better {
				continue
			}
			p.Worse, p.Better, p.Word = bad, row.Word == better, row.Word
			p.Headline = fmt.Sprintf("%s went from %s to %s", text.UpperFirst(d.Metric.Name()), row.Before, row.After)
			return
		}
		if check := c.undecided(); bad && check != nil {
			p.Word, p.Headline = cannotTell, text.UpperFirst(check.Got)
			return
		}
	}
	if len(c.Deltas) == 0 {
		p.Headline = "There is nothing to compare: both sides need a run that was measured"
	}
}

// undecided returns the first figure of which a judge could say nothing.
func (c *Comparison) undecided() *report.Check {
	for i := range c.Judged {
		if c.Judged[i].Outcome == report.Inconclusive {
			return &c.Judged[i]
		}
	}
	return nil
}

func newSide(word string, runs []*report.Record) compareSide {
	s := compareSide{Word: word, Runs: words.Count(uint64(len(runs)))}
	if len(runs) > 0 {
		s.Name, s.Commit, s.Image, s.Started = cmp.Or(runs[0].Trial.Of, word), runs[0].Env.GitCommit, runs[0].Env.Image, runs[0].Start()
	}
	return s
}

func newDeltaRow(d Delta, check report.Check, judged bool) deltaRow {
	row := deltaRow{
		Figure: d.Metric.Name(), Before: tell.Quantity(d.Before, d.Metric), After: tell.Quantity(d.After, d.Metric),
		Change: d.shift(), Interval: d.interval(), P: d.p(), Allowed: check.Allowed,
	}
	row.Word = d.standing()
	if judged {
		row.Word = standingOf(check)
	}
	row.Bad = row.Word == worse
	return row
}

// standing is what may be said of a figure, or of all of them.
type standing int

const (
	noClearChange standing = iota // of all figures: none changed clearly, and no judge was asked
	notClear                      // of a figure: no judge was asked, and the interval holds no change
	notWorse
	better
	worse
	cannotTell
)

// String returns the standing in words.
func (s standing) String() string {
	return []string{"no clear change", "not clear", "not worse", "better", "worse", "cannot tell"}[s]
}

// sign returns the standing's sign in Markdown.
func (s standing) sign() string { return []string{"➖", "➖", "✅", "✅", "❌", "❔"}[s] }

// standing returns what the interval says of the change, where no judge was asked.
func (d Delta) standing() standing {
	switch {
	case !d.Change.Clear():
		return notClear
	case (d.Change.Value > 0) == d.Metric.More():
		return better
	}
	return worse
}

// standingOf returns what a judge said.
func standingOf(check report.Check) standing {
	switch {
	case check.Outcome == report.Inconclusive:
		return cannotTell
	case check.Outcome == report.Failed:
		return worse
	case check.Better:
		return better
	}
	return notWorse
}

// compareChart is the working set and the live heaps of all runs, from the start of the
// measured load on.
type compareChart struct {
	*chart.Chart
	BeforeSets, AfterSets, BeforeLive, AfterLive []string
}

const (
	mostDrawn      = 10 // runs of each side
	mostSiteDeltas = 60 // rows of call sites
)

func newCompareChart(c *Comparison, narrow bool) *compareChart {
	var whole report.Record // of all runs, for the scales
	before, after := shiftedRuns(c.Before), shiftedRuns(c.After)
	for _, r := range append(append([]*report.Record{}, before...), after...) {
		whole.Samples = append(whole.Samples, r.Samples...)
		whole.LiveHeaps = append(whole.LiveHeaps, r.LiveHeaps...)
		whole.Phases = append(whole.Phases, report.Phase{To: r.End()})
	}
	if len(whole.Samples) == 0 && len(whole.LiveHeaps) == 0 {
		return nil
	}
	drawn := &compareChart{Chart: chart.NewCanvas(narrow)}
	drawn.Title = "Working set and live heap before and after, from the start of the measured load"
	drawn.TimesTop, drawn.Height = drawn.MemoryEnd(), drawn.MemoryEnd()+26
	whole.Phases = []report.Phase{{To: whole.End()}}
	x := drawn.DrawTime(&whole)
	drawn.Bands = nil
	y, step := drawn.MemoryScale(&whole)
	for v := y.Lo / words.Mib; v <= y.Hi/words.Mib*1.0001 && len(drawn.Sizes) < 20; v += step {
		drawn.Sizes = append(drawn.Sizes, chart.Tick{At: y.At(v * words.Mib), Label: chart.TickLabel(v, step)})
	}
	draw := func(runs []*report.Record) (sets, live []string) {
		for _, r := range runs {
			sets = append(sets, chart.SetPath(r.Samples, x, y, r.Source.LongestGap()))
			var joined chart.Line
			for _, f := range r.LiveHeaps {
				joined.To(x.At(f.At.Seconds()), y.At(float64(f.Live())))
			}
			live = append(live, joined.String())
		}
		return sets, live
	}
	drawn.BeforeSets, drawn.BeforeLive = draw(before)
	drawn.AfterSets, drawn.AfterLive = draw(after)
	return drawn
}

// shiftedRuns returns the runs' samples and live heaps since the start of the measured load.
func shiftedRuns(runs []*report.Record) []*report.Record {
	var shifted []*report.Record
	for _, r := range runs[:min(len(runs), mostDrawn)] {
		start := time.Duration(0)
		if p, ok := r.Phase(report.Load); ok {
			start = p.From
		}
		s := &report.Record{Source: r.Source}
		for _, sample := range r.Samples.Between(start, math.MaxInt64) {
			sample.At -= start
			s.Samples = append(s.Samples, sample)
		}
		for _, f := range r.LiveHeaps {
			if f.At >= start {
				f.At -= start
				s.LiveHeaps = append(s.LiveHeaps, f)
			}
		}
		shifted = append(shifted, s)
	}
	return shifted
}
