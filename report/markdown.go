package report

import (
	"bytes"
	"fmt"
	"github.com/memgate/memgate/profile/leak"
	"io"
	"strings"
)

// Markdown writes the record for a pull request or a CI's step summary: verdict, rules,
// floors, the call sites that grew most, how to run it again.
func (r *Record) Markdown(w io.Writer) error {
	v := r.visible()
	var b bytes.Buffer
	sign := map[outcome]string{passed: "✅", failed: "❌", inconclusive: "❔", unjudged: "➖"}[v.outcome()]
	fmt.Fprintf(&b, "### %s %s: %s\n\n**%s**\n", sign, inMarkdown(v.Name), v.outcome(), inMarkdown(upperFirst(v.headline())))
	if f, ended := v.fatal(); ended && f.Short() != f.Text {
		fmt.Fprintf(&b, "\n%s\n", inMarkdown(f.Text))
	}
	if c := v.culprit(); c != nil {
		size := c.Size
		if c.Interval != "" {
			size += " (" + c.Interval + " per request)"
		}
		fmt.Fprintf(&b, "\n%s is held by %s at **%s**\n", size, codeSpan(c.Func), inMarkdown(c.Place))
	}
	v.rulesMarkdown(&b)
	if line := v.FloorsInWords(); line != "" {
		fmt.Fprintf(&b, "\nLive heap: %s\n", inMarkdown(line))
	}
	if line := v.memoryInWords(); line != "" {
		fmt.Fprintf(&b, "\nWorking set: %s\n", codeSpan(line))
	}
	if line := v.loadInWords(); line != "" {
		fmt.Fprintf(&b, "\nLoad: %s\n", inMarkdown(line))
	}
	if line := v.measuredInWords(); line != "" {
		fmt.Fprintf(&b, "\nMeasured: %s\n", inMarkdown(line))
	}
	v.sitesMarkdown(&b)
	switch name, line := v.noteInWords(); name {
	case "":
	case "longer", "known":
		fmt.Fprintf(&b, "\nℹ️ %s\n", inMarkdown(line))
	default:
		fmt.Fprintf(&b, "\n⚠️ %s\n", inMarkdown(line))
	}
	if again := v.AgainCommand(); again != "" {
		fmt.Fprintf(&b, "\nRun it again: %s\n", codeSpan(again))
	}
	b.WriteByte('\n')
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write markdown of %q: %w", r.Name, err)
	}
	return nil
}

func (r *Record) rulesMarkdown(b *bytes.Buffer) {
	if len(r.Checks) == 0 {
		return
	}
	b.WriteString("\n| | rule | allowed | measured | margin |\n|---|---|---|---|---|\n")
	for _, c := range r.Checks {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", c.Mark(), inMarkdown(c.Rule), inMarkdown(c.Allowed), inMarkdown(c.Got), inMarkdown(c.Margin))
	}
}

func (r *Record) sitesMarkdown(b *bytes.Buffer) {
	if r.Trend.Verdict == leak.Steady || len(r.Growth) == 0 {
		return
	}
	b.WriteString("\n| live heap | per request | call site |\n|---:|---:|---|\n")
	for _, s := range r.Growth[:min(topSites, len(r.Growth))] {
		row := newSiteRow(s)
		per := row.PerRequest
		if row.Interval != "" {
			per += " (" + row.Interval + ")"
		}
		fmt.Fprintf(b, "| %s | %s | %s %s |\n", row.Size, inMarkdown(per), codeSpan(row.Func), inMarkdown(row.Place))
	}
}

// markdownEscapes takes its meaning from what Markdown, HTML, a table or GitHub (which
// notifies whom @ names) would read as more than text.
var markdownEscapes = func() *strings.Replacer {
	pairs := []string{"\n", "␊", "\t", " ", "<", "&lt;", ">", "&gt;", "&", "&amp;", "@", "&#64;", "://", "&#58;//", "www.", "www&#46;"}
	for _, c := range "\\`*_{}[]()#!|~$" {
		pairs = append(pairs, string(c), fmt.Sprintf("&#%d;", c))
	}
	return strings.NewReplacer(pairs...)
}()

func inMarkdown(s string) string { return markdownEscapes.Replace(oneLine(s, widest)) }

// codeSpan is s as code. In it only a backquote and, in a table, a bar mean anything.
func codeSpan(s string) string {
	return "<code>" + markdownEscapes.Replace(oneLine(s, widest)) + "</code>"
}

// Annotations writes a line for each rule that failed, and for what ended the run, that
// makes GitHub show an error at the line of the test.
func (r *Record) Annotations(w io.Writer) error {
	v := r.visible()
	var b bytes.Buffer
	write := func(file string, line int, title, text string) {
		if file == "" {
			file, line = v.Test.File, v.Test.Line
		}
		b.WriteString("::error ")
		if file != "" {
			fmt.Fprintf(&b, "file=%s,line=%d,", annotationProperty(file), line)
		}
		fmt.Fprintf(&b, "title=%s::%s\n", annotationProperty(title), annotationText(text))
	}
	for _, f := range v.Notes {
		if f.Fatal {
			write("", 0, v.Name+": "+string(f.Kind), f.Text)
		}
	}
	for _, c := range v.Checks {
		if c.OK || c.Undecided {
			continue
		}
		text := c.Detail
		if text == "" {
			text = fmt.Sprintf("%s: allowed %s, got %s", c.Rule, c.Allowed, c.Got)
		}
		write(c.File, c.Line, v.Name+": "+c.Rule, text)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write annotations of %q: %w", r.Name, err)
	}
	return nil
}

var (
	annotationEscapes         = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	annotationPropertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func annotationText(s string) string { return annotationEscapes.Replace(s) }
func annotationProperty(s string) string {
	return annotationPropertyEscapes.Replace(oneLine(s, widest))
}

// mostAttributes is how many figures are attributes: under -v each is a line of output.
const mostAttributes = 2

// Attributes is the record's outcome as names and values of one line each, for
// testing's Attr, which tools carry into JUnit's properties.
func (r *Record) Attributes() [][2]string {
	v := r.visible()
	attributes := [][2]string{
		{"memgate.verdict", string(v.outcome())},
		{"memgate.summary", oneLine(v.headline(), widest)},
	}
	figures := v.figures()
	for _, f := range figures[:min(len(figures), mostAttributes)] {
		attributes = append(attributes, [2]string{"memgate." + f.Unit, fmt.Sprintf("%.6g", f.Value)})
	}
	if v.Report != "" {
		attributes = append(attributes, [2]string{"memgate.report", oneLine(v.Report, widest)})
	}
	return attributes
}
