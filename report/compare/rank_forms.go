package compare

import (
	"bufio"
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/internal/text"
	"github.com/memgate/memgate/internal/theme"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
)

//go:embed rank.html.tmpl
var rankSource string

var rankTemplate = template.Must(template.New("rank").Funcs(template.FuncMap{"style": theme.CSS}).Parse(rankSource))

// HTML writes the ranking as one file that needs nothing else.
func (r *Ranking) HTML(w io.Writer) error {
	b := bufio.NewWriter(w)
	err := rankTemplate.Execute(b, r.page())
	if err == nil {
		err = b.Flush()
	}
	if err != nil {
		return fmt.Errorf("write ranking: %w", err)
	}
	return nil
}

// Markdown writes the ranking as a table.
func (r *Ranking) Markdown(w io.Writer) error {
	p := r.page()
	var b bytes.Buffer
	fmt.Fprintf(&b, "### %s\n\nRanked by peak working set; medians of the runs (lowest … highest).\n\n| rank | variant | runs |", text.Markdown(p.Name))
	rule := "\n|---:|---|---:|"
	for _, f := range p.Figures {
		fmt.Fprintf(&b, " %s |", f)
		rule += "---:|"
	}
	fmt.Fprintf(&b, " peak against %s | p |%s---:|---:|\n", text.Markdown(p.First), rule)
	for _, row := range p.Rows {
		fmt.Fprintf(&b, "| %s | %s | %s |", row.Rank, text.Markdown(row.Name), text.Markdown(row.Runs))
		for _, cell := range row.Cells {
			fmt.Fprintf(&b, " %s |", text.Markdown(cell))
		}
		fmt.Fprintf(&b, " %s | %s |\n", text.Markdown(row.Change), row.P)
	}
	for _, line := range []string{p.Warning, p.Trials} {
		if line != "" {
			fmt.Fprintf(&b, "\n%s\n", text.Markdown(line))
		}
	}
	b.WriteByte('\n')
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write markdown of ranking: %w", err)
	}
	return nil
}

// Text writes the ranking for a terminal, a line for each variant.
func (r *Ranking) Text(w io.Writer) error {
	p := r.page()
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: ranked by peak working set\n", p.Name)
	for _, row := range p.Rows {
		fmt.Fprintf(&b, "    %2s  %-24s", row.Rank, row.Name)
		for i, cell := range row.Cells {
			if i == 0 || i == 1 {
				fmt.Fprintf(&b, "  %s %s", p.Figures[i], cell)
			}
		}
		fmt.Fprintf(&b, "  %s\n", row.Change)
	}
	if p.Warning != "" {
		fmt.Fprintf(&b, "    %s\n", p.Warning)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write ranking: %w", err)
	}
	return nil
}

type rankPage struct {
	Name, First, Warning, Trials string
	Headline                     string
	Figures                      []string
	Rows                         []rankRow
}

type rankRow struct {
	Rank, Name, Runs string
	Cells            []string // one for each of the page's Figures
	Change, P        string
	Bar, From, To    float64 // the median peak and its range, as parts of the largest in thousandths
}

// ranked are the figures that a ranking shows: where it ranks by comes first.
var ranked = []report.Metric{report.PeakWorkingSet, report.AverageWorkingSet, report.SettledWorkingSet, report.LiveHeap, report.P99Latency, report.RequestRate}

// page returns what may be shown of the ranking, in words.
func (r *Ranking) page() *rankPage {
	p := &rankPage{Name: "no run", First: shownName(r.First), Warning: r.Warning}
	for _, m := range ranked {
		p.Figures = append(p.Figures, m.Name())
	}
	p.Headline = "There is nothing to rank"
	if len(r.Variants) > 0 && r.Variants[0].Rank > 0 {
		p.Headline = shownName(r.Variants[0].Name) + " has the lowest peak working set"
	}
	largest := 0.0
	for _, v := range r.Variants {
		c, _ := v.Cost(report.PeakWorkingSet)
		largest = max(largest, c.Max)
	}
	for _, v := range r.Variants {
		p.Rows = append(p.Rows, newRankRow(v, largest))
		for _, run := range v.Runs {
			p.Name = shownName(run.Test.Name)
			if !run.Trial.Alone() {
				p.Trials = fmt.Sprintf("Trials were interleaved; MEMTEST_SEED=%d gives their order again.", run.Trial.Seed)
			}
		}
	}
	return p
}

func shownName(s string) string { return text.OneLine(text.Visible(s), text.Widest) }

// String returns the median with its range: "44.4 MiB (44.2 … 44.6)".
func (c Cost) String() string {
	lo, hi := tell.Quantity(c.Min, c.Metric), tell.Quantity(c.Max, c.Metric)
	for _, unit := range []string{" MiB", " req/s"} {
		lo, hi = strings.TrimSuffix(lo, unit), strings.TrimSuffix(hi, unit)
	}
	return fmt.Sprintf("%s (%s … %s)", tell.Quantity(c.Median, c.Metric), lo, hi)
}

func newRankRow(v Variant, largest float64) rankRow {
	row := rankRow{Rank: "–", Name: shownName(v.Name), Runs: words.Count(uint64(len(v.Runs)))}
	if v.Rank > 0 {
		row.Rank = fmt.Sprint(v.Rank)
	}
	if v.Died > 0 {
		row.Runs += fmt.Sprintf(" (%d died)", v.Died)
	}
	for _, m := range ranked {
		cell := "–"
		if c, ok := v.Cost(m); ok {
			cell = c.String()
		}
		row.Cells = append(row.Cells, cell)
	}
	if v.Change.Metric != "" {
		row.Change, row.P = v.Change.shift(), v.Change.p()
	}
	if c, ok := v.Cost(report.PeakWorkingSet); ok && largest > 0 {
		row.Bar, row.From, row.To = 1000*c.Median/largest, 1000*c.Min/largest, 1000*c.Max/largest
	}
	return row
}
