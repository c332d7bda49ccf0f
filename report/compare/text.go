package compare

import (
	"bytes"
	"fmt"
	"io"

	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/internal/text"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
)

// Text writes the comparison for a terminal: what changed, how clear that is, and where
// in the code.
func (c *Comparison) Text(w io.Writer) error {
	v := c.visible()
	p := newComparePage(v)
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: %s: %s\n", text.OneLine(p.Name, text.Widest), p.Word, text.OneLine(p.Headline, text.Widest))
	for i, d := range v.Deltas {
		fmt.Fprintf(&b, "    %-20s %-11s %s\n", d.Metric.Name(), p.Rows[i].Word, d)
	}
	for _, h := range v.Retained[:min(len(v.Retained), mostHeld)] {
		fmt.Fprintf(&b, "    holds  %s\n", text.OneLine(h.String(), text.Widest))
	}
	for _, s := range v.clearSites(p) {
		fmt.Fprintf(&b, "    grows  %s\n", text.OneLine(s.String(), text.Widest))
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
	fmt.Fprintf(&b, "### %s %s: %s\n\n**%s**\n", p.Word.sign(), text.Markdown(p.Name), p.Word, text.Markdown(p.Headline))
	if len(p.Rows) > 0 {
		b.WriteString("\n| | figure | before | after | change | 95% interval | p | allowed |\n|---|---|---:|---:|---:|---:|---:|---:|\n")
	}
	for _, row := range p.Rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", row.Word, row.Figure,
			text.Markdown(row.Before), text.Markdown(row.After), text.Markdown(row.Change), text.Markdown(row.Interval), row.P, text.Markdown(row.Allowed))
	}
	p.heldMarkdown(&b)
	sitesMarkdown(&b, v.clearSites(p))
	for _, s := range p.Sides {
		fmt.Fprintf(&b, "\n%s: %s %s", text.UpperFirst(s.Word), s.Runs, map[bool]string{true: "run", false: "runs"}[s.Runs == "1"])
		for _, also := range [][2]string{{"of", s.Name}, {"commit", s.Commit}, {"image", s.Image}} {
			if also[1] != "" && also[1] != s.Word {
				fmt.Fprintf(&b, ", %s %s", also[0], text.Code(also[1]))
			}
		}
		b.WriteString("  ")
	}
	if p.Trials != "" {
		fmt.Fprintf(&b, "\n%s", text.Markdown(p.Trials))
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
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", text.Code(h.Func), h.Before, h.After, text.Markdown(h.Change))
	}
}

// clearSites returns the largest changes of call sites, if growth as such got worse or better.
func (c *Comparison) clearSites(p *comparePage) []SiteDelta {
	for i, d := range c.Deltas {
		if word := p.Rows[i].Word; d.Metric == report.GrowthPerRequest && (word == worse || word == better) {
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
		fmt.Fprintf(b, "| %s %s | %s | %s | %s |\n", text.Code(s.Site.Func), text.Markdown(tell.Place(s.Site)),
			words.Bytes(s.Before), words.Bytes(s.After), words.SignedBytes(s.After-s.Before))
	}
}
