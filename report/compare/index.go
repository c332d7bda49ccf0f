package compare

import (
	"github.com/memgate/memgate/internal/index"
	"github.com/memgate/memgate/internal/text"
	"github.com/memgate/memgate/report"
)

// AddToIndex puts the comparison, whose page is dir/name.html, on the folder's index
// page, as [report.Record.AddToIndex] does a run.
func (c *Comparison) AddToIndex(dir, name string) error {
	p := newComparePage(c.visible())
	outcome := report.NotJudged
	switch {
	case p.Judged && p.Worse:
		outcome = report.Failed
	case p.Judged && c.undecided() != nil:
		outcome = report.Inconclusive
	case p.Judged:
		outcome = report.Passed
	}
	return cardOfMany(append(c.Before[:len(c.Before):len(c.Before)], c.After...), outcome, p.Headline).Add(dir, name)
}

// AddToIndex puts the ranking, whose page is dir/name.html, on the folder's index page,
// as [report.Record.AddToIndex] does a run.
func (r *Ranking) AddToIndex(dir, name string) error {
	var runs []*report.Record
	for _, v := range r.Variants {
		runs = append(runs, v.Runs...)
	}
	return cardOfMany(runs, report.NotJudged, r.page().Headline).Add(dir, name)
}

// cardOfMany returns the card of what compares runs of one test.
func cardOfMany(runs []*report.Record, o report.Outcome, headline string) index.Card {
	var c index.Card
	if len(runs) > 0 {
		first := index.NewCard(runs[0])
		c = index.Card{Test: first.Test, Package: first.Package, Started: first.Started}
	}
	c.Name, c.Outcome, c.Headline = "comparison", &o, text.OneLine(text.UpperFirst(headline), text.Widest)
	return c
}
