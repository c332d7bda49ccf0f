package report

import (
	"bytes"
	"fmt"
	"io"
)

// Text writes the comparison for a terminal: what changed, how clear that is, and where
// in the code.
func (c *Comparison) Text(w io.Writer) error {
	v := c.visible()
	p := newComparePage(v)
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: %s: %s\n", oneLine(p.Name, widest), p.Word, oneLine(p.Headline, widest))
	for i, d := range v.Deltas {
		fmt.Fprintf(&b, "    %-20s %-11s %s\n", d.Figure, p.Rows[i].Word, d)
	}
	for _, h := range v.Held[:min(len(v.Held), mostHeld)] {
		fmt.Fprintf(&b, "    holds  %s\n", oneLine(h.String(), widest))
	}
	for _, s := range v.clearSites(p) {
		fmt.Fprintf(&b, "    grows  %s\n", oneLine(s.String(), widest))
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write comparison: %w", err)
	}
	return nil
}

// Markdown writes the comparison for a pull request or a CI's step summary.
func (c *Comparison) Markdown(w io.Writer) error {
	v := c.visible()
	p := newComparePage(v)
	var b bytes.Buffer
	sign := map[string]string{"worse": "❌", "better": "✅", "not worse": "✅", "cannot tell": "❔"}[p.Word]
	if sign == "" {
		sign = "➖"
	}
	fmt.Fprintf(&b, "### %s %s: %s\n\n**%s**\n", sign, inMarkdown(p.Name), p.Word, inMarkdown(p.Headline))
	if len(p.Rows) > 0 {
		b.WriteString("\n| | figure | before | after | change | 95% interval | p | allowed |\n|---|---|---:|---:|---:|---:|---:|---:|\n")
	}
	for _, row := range p.Rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", row.Word, row.Figure,
			inMarkdown(row.Before), inMarkdown(row.After), inMarkdown(row.Change), inMarkdown(row.Interval), row.P, inMarkdown(row.Allowed))
	}
	p.heldMarkdown(&b)
	sitesMarkdown(&b, v.clearSites(p))
	for _, s := range p.Sides {
		fmt.Fprintf(&b, "\n%s: %s %s", upperFirst(s.Word), s.Runs, map[bool]string{true: "run", false: "runs"}[s.Runs == "1"])
		for _, also := range [][2]string{{"of", s.Name}, {"commit", s.Commit}, {"image", s.Image}} {
			if also[1] != "" && also[1] != s.Word {
				fmt.Fprintf(&b, ", %s %s", also[0], codeSpan(also[1]))
			}
		}
		b.WriteString("  ")
	}
	if p.Trials != "" {
		fmt.Fprintf(&b, "\n%s", inMarkdown(p.Trials))
	}
	b.WriteString("\n\n")
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write markdown of comparison: %w", err)
	}
	return nil
}

func (p *comparePage) heldMarkdown(b *bytes.Buffer) {
	if len(p.Held) == 0 {
		return
	}
	b.WriteString("\n| live heap held by | before | after | change |\n|---|---:|---:|---:|\n")
	for _, h := range p.Held {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", codeSpan(h.Func), h.Before, h.After, inMarkdown(h.Change))
	}
}

// clearSites are the largest changes of call sites, if growth as such got worse or better.
func (c *Comparison) clearSites(p *comparePage) []SiteDelta {
	for i, d := range c.Deltas {
		if word := p.Rows[i].Word; d.Unit == GrowthUnit && (word == "worse" || word == "better") {
			return c.Sites[:min(len(c.Sites), mostHeld)]
		}
	}
	return nil
}

func sitesMarkdown(b *bytes.Buffer, sites []SiteDelta) {
	if len(sites) == 0 {
		return
	}
	b.WriteString("\n| growth at | before, per request | after | change |\n|---|---:|---:|---:|\n")
	for _, s := range sites {
		fmt.Fprintf(b, "| %s %s | %s | %s | %s |\n", codeSpan(s.Site.Func), inMarkdown(place(s.Site)),
			Bytes(s.Before), Bytes(s.After), SignedBytes(s.After-s.Before))
	}
}
