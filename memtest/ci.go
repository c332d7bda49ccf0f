package memtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/memgate/memgate/internal/store"
	"github.com/memgate/memgate/report"
	"github.com/memgate/memgate/report/page"
)

// otherForms are the forms of a record that MEMTEST_FORMS asks for by name, with the
// ends of their files' names.
var otherForms = []struct {
	name, suffix string
	write        func(*report.Record, io.Writer) error
}{
	{"markdown", ".md", func(r *report.Record, w io.Writer) error { return page.Markdown(w, r) }},
	{"bench", ".bench.txt", (*report.Record).Bench},
	{"openmetrics", ".prom", (*report.Record).OpenMetrics},
	{"csv", ".csv", (*report.Record).CSV},
}

// saveForms writes the forms that MEMTEST_FORMS lists, with commas; "all" is all.
func (a *artifacts) saveForms(r *report.Record) error {
	var failed error
	asked := strings.FieldsFunc(os.Getenv("MEMTEST_FORMS"), func(r rune) bool { return r == ',' || r == ' ' })
	for _, form := range otherForms {
		if i := slices.Index(asked, form.name); i >= 0 {
			asked = slices.Delete(asked, i, i+1)
		} else if !slices.Contains(asked, "all") {
			continue
		}
		failed = errors.Join(failed, store.WriteForm(a.dir, a.name+form.suffix, func(w io.Writer) error { return form.write(r, w) }))
	}
	for _, name := range asked {
		if name != "all" {
			failed = errors.Join(failed, fmt.Errorf("MEMTEST_FORMS: there is no form %q: choose of markdown, bench, openmetrics, csv, all", name))
		}
	}
	return failed
}

// tellCI puts the record where a CI's users see it: in the step's summary, at the
// test's line, among the test's attributes. Of a trial only what failed is put at its
// line: the comparison speaks for all of them.
func tellCI(t TB, r *report.Record) error {
	if t, ok := t.(attributer); ok && r.Trial.Alone() {
		for _, a := range page.Attributes(r) {
			t.Attr(a[0], a[1])
		}
	}
	if out, ok := t.(outputter); ok && os.Getenv("GITHUB_ACTIONS") == "true" {
		if err := page.Annotations(out.Output(), r); err != nil {
			return err
		}
	}
	if !r.Trial.Alone() {
		return nil
	}
	return appendSummary(func(w io.Writer) error { return page.Markdown(w, r) })
}

// appendSummary adds Markdown to the file that GitHub shows beside the step. It is
// one write, so that those of tests that end together do not mix.
func appendSummary(markdown func(io.Writer) error) error {
	path := os.Getenv("GITHUB_STEP_SUMMARY")
	if path == "" {
		return nil
	}
	var text bytes.Buffer
	if err := markdown(&text); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("write step summary: %w", err)
	}
	_, err = f.Write(text.Bytes())
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write step summary: %w", err)
	}
	return nil
}

// reportMetrics makes the record's figures results of a benchmark.
func reportMetrics(t TB, r *report.Record) {
	if b, ok := t.(metricReporter); ok {
		for _, f := range r.Figures() {
			b.ReportMetric(f.Value, string(f.Metric))
		}
	}
}
