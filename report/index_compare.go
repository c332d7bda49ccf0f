package report

// AddToIndex puts the comparison, whose page is dir/name.html, on the folder's index
// page, as [Record.AddToIndex] does a run.
func (c *Comparison) AddToIndex(dir, name string) error {
	p := newComparePage(c.visible())
	outcome := unjudged
	switch {
	case p.Judged && p.Worse:
		outcome = failed
	case p.Judged && c.undecided() != nil:
		outcome = inconclusive
	case p.Judged:
		outcome = passed
	}
	return cardOfMany(append(c.Before[:len(c.Before):len(c.Before)], c.After...), outcome, p.Headline).add(dir, name)
}

// AddToIndex puts the ranking, whose page is dir/name.html, on the folder's index page,
// as [Record.AddToIndex] does a run.
func (r *Ranking) AddToIndex(dir, name string) error {
	var runs []*Record
	for _, v := range r.Variants {
		runs = append(runs, v.Runs...)
	}
	return cardOfMany(runs, unjudged, r.page().Headline).add(dir, name)
}

// cardOfMany is the card of what compares runs of one test.
func cardOfMany(runs []*Record, o outcome, headline string) card {
	var c card
	if len(runs) > 0 {
		first := newCard(runs[0])
		c = card{Test: first.Test, Package: first.Package, Started: first.Started}
	}
	c.Name, c.Outcome, c.Headline = "comparison", o, oneLine(upperFirst(headline), widest)
	return c
}
