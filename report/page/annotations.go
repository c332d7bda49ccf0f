package page

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/internal/text"
	"github.com/memgate/memgate/report"
)

// Annotations writes a line for each rule that failed, and for what ended the run, that
// makes GitHub show an error at the line of the test.
func Annotations(w io.Writer, r *report.Record) error {
	v := r.Visible()
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
			write("", 0, v.Name+": "+string(f.Kind), f.Text())
		}
	}
	for _, c := range v.Checks {
		if c.Passed() || c.CutShort {
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
	return annotationPropertyEscapes.Replace(text.OneLine(s, text.Widest))
}

// mostAttributes is how many figures are attributes: under -v each is a line of output.
const mostAttributes = 2

// Attributes returns the record's outcome as names and values of one line each, for
// testing's Attr, which tools carry into JUnit's properties.
func Attributes(r *report.Record) [][2]string {
	v := r.Visible()
	attributes := [][2]string{
		{"memgate.verdict", v.Outcome().String()},
		{"memgate.summary", text.OneLine(tell.Headline(v), text.Widest)},
	}
	figures := v.Figures()
	for _, f := range figures[:min(len(figures), mostAttributes)] {
		attributes = append(attributes, [2]string{"memgate." + string(f.Metric), fmt.Sprintf("%.6g", f.Value)})
	}
	if v.Report != "" {
		attributes = append(attributes, [2]string{"memgate.report", text.OneLine(v.Report, text.Widest)})
	}
	return attributes
}
