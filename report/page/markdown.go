package page

import (
	"bytes"
	"fmt"
	"io"

	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/internal/text"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// Markdown writes the record for a pull request or a CI's step summary: verdict, rules,
// live heaps, the call sites that grew most, how to run it again.
func Markdown(w io.Writer, r *report.Record) error {
	v := r.Visible()
	var b bytes.Buffer
	sign := map[report.Outcome]string{report.Passed: "✅", report.Failed: "❌", report.Inconclusive: "❔", report.NotJudged: "➖"}[v.Outcome()]
	fmt.Fprintf(&b, "### %s %s: %s\n\n**%s**\n", sign, text.Markdown(v.Name), v.Outcome(), text.Markdown(text.UpperFirst(tell.Headline(v))))
	if f, ended := v.Fatal(); ended && f.Summary != f.Text() {
		fmt.Fprintf(&b, "\n%s\n", text.Markdown(f.Text()))
	}
	if c := culprit(v); c != nil {
		size := c.Size
		if c.Interval != "" {
			size += " (" + c.Interval + " per request)"
		}
		fmt.Fprintf(&b, "\n%s is held by %s at **%s**\n", size, text.Code(c.Func), text.Markdown(c.Place))
	}
	rulesMarkdown(v, &b)
	if line := tell.LiveHeap(v); line != "" {
		fmt.Fprintf(&b, "\nLive heap: %s\n", text.Markdown(line))
	}
	if line := tell.Memory(v); line != "" {
		fmt.Fprintf(&b, "\nWorking set: %s\n", text.Code(line))
	}
	if line := tell.Load(v); line != "" {
		fmt.Fprintf(&b, "\nLoad: %s\n", text.Markdown(line))
	}
	if line := tell.Measured(v); line != "" {
		fmt.Fprintf(&b, "\nMeasured: %s\n", text.Markdown(line))
	}
	sitesMarkdown(v, &b)
	switch kind, line := tell.Note(v); kind {
	case "":
	case report.Extended, report.KnownGrowth:
		fmt.Fprintf(&b, "\nℹ️ %s\n", text.Markdown(line))
	default:
		fmt.Fprintf(&b, "\n⚠️ %s\n", text.Markdown(line))
	}
	if again := tell.AgainCommand(v); again != "" {
		fmt.Fprintf(&b, "\nRun it again: %s\n", text.Code(again))
	}
	b.WriteByte('\n')
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write markdown of %q: %w", r.Name, err)
	}
	return nil
}

func rulesMarkdown(r *report.Record, b *bytes.Buffer) {
	if len(r.Checks) == 0 {
		return
	}
	b.WriteString("\n| | rule | allowed | measured | margin |\n|---|---|---|---|---|\n")
	for _, c := range r.Checks {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", c.Mark(), text.Markdown(c.Rule), text.Markdown(c.Allowed), text.Markdown(c.Got), text.Markdown(c.Margin))
	}
}

func sitesMarkdown(r *report.Record, b *bytes.Buffer) {
	if r.Trend.Verdict == leak.Steady || len(r.Sites) == 0 {
		return
	}
	b.WriteString("\n| live heap | per request | call site |\n|---:|---:|---|\n")
	for _, s := range r.Sites[:min(topSites, len(r.Sites))] {
		row := tell.NewSiteRow(s)
		per := row.PerRequest
		if row.Interval != "" {
			per += " (" + row.Interval + ")"
		}
		fmt.Fprintf(b, "| %s | %s | %s %s |\n", row.Size, text.Markdown(per), text.Code(row.Func), text.Markdown(row.Place))
	}
}
