package memtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/memgate/memgate/report"
	"github.com/memgate/memgate/report/page"
)

// TB is what Run and the judges need of a *testing.T or *testing.B.
//
// If t also has Deadline, ArtifactDir, Attr, Output or ReportMetric, they are used. A wrapper
// should therefore embed the *testing.T, not a TB.
type TB interface {
	Helper()
	Name() string
	Context() context.Context
	Cleanup(func())
	Failed() bool
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	FailNow()
}

// deadlineMargin is what is kept of the test's time to stop the target and to write
// the report, before go test -timeout panics and lets nobody clean up.
const deadlineMargin = 5 * time.Second

// Run runs the scenario and returns its record, to be judged.
//
// A run that cannot be made ends the test: a scenario without target or load, an
// invalid load.Plan, a target that does not start, a test deadline (go test -timeout) that is
// shorter than the plan. A target that dies in the run fails the test and lets it go
// on, with the finding in the record.
//
// Under go test -v it logs a line at each phase and every 10 s; without -v nothing is
// printed until something fails. When the test ends, the record and its report are
// written, and their path is logged under -v or if the test failed.
func Run(t TB, s Scenario) *report.Record {
	t.Helper()
	return run(t.Context(), t, s, report.Trial{})
}

// run is Run, of one of several trials unless that is the zero value.
func run(ctx context.Context, t TB, s Scenario, trial report.Trial) *report.Record {
	t.Helper()
	if s.Name == "" {
		s.Name = t.Name()
	}
	test := thisTest(t)
	out, err := openArtifacts(t, s.Name, test)
	if err != nil {
		fatalf(t, "%s%v", inTrial(trial), err)
	}
	ctx, cancel, err := withinDeadline(ctx, t, s)
	if err != nil {
		fatalf(t, "%s%v", inTrial(trial), err)
	}
	defer cancel()

	r, err := measure(ctx, s, progress(t))
	if r != nil {
		r.Test, r.Trial = test, trial
		out.keep(t, r)
		if err := out.saveHeaps(r); err != nil {
			t.Logf("memtest: %v", err)
		}
	}
	if err != nil {
		fatalf(t, "%s%v", inTrial(trial), err)
	}
	if trial.Alone() {
		reportMetrics(t, r)
	}
	for _, f := range r.Notes {
		if f.Fatal {
			t.Errorf("memtest: %s%s", inTrial(trial), explain(f))
		}
	}
	return r
}

// inTrial says which trial it was, ahead of what went wrong.
func inTrial(trial report.Trial) string {
	if trial.Alone() {
		return ""
	}
	return trial.String() + ": "
}

func fatalf(t TB, format string, args ...any) {
	t.Helper()
	t.Errorf("memtest: "+format, args...)
	t.FailNow()
}

// explain returns a finding with the target's last words.
func explain(f report.Finding) string {
	if f.Logs == "" {
		return f.Text()
	}
	return f.Text() + "\n    last log lines:\n        " + strings.ReplaceAll(strings.TrimSpace(f.Logs), "\n", "\n        ")
}

// inShort returns what a judge says of the finding that cut the run short: its summary. What
// else is known stands in Run's failure and in the record.
func inShort(f report.Finding) string {
	if f.Detail+f.Remedy+f.Logs != "" {
		return f.Summary + "; the run's failure and its report say more"
	}
	return f.Summary
}

// withinDeadline returns a context that ends ahead of the test's deadline. It is an error if
// the plan does not fit before that.
func withinDeadline(ctx context.Context, t TB, s Scenario) (context.Context, context.CancelFunc, error) {
	deadline, ok := deadlineOf(t)
	if !ok {
		return ctx, func() {}, nil
	}
	left := time.Until(deadline) - deadlineMargin
	if p, err := s.plan(); err == nil {
		if plan := p.Length(); left < plan {
			return nil, nil, fmt.Errorf("the test's deadline is in %v, the run takes %v and %v are kept to clean up: give go test a longer -timeout, or shorten the scenario",
				time.Until(deadline).Round(100*time.Millisecond), plan, deadlineMargin)
		}
	}
	ctx, cancel := context.WithDeadlineCause(ctx, deadline.Add(-deadlineMargin), errDeadline)
	return ctx, cancel, nil
}

var errDeadline = errors.New("the test's deadline came near: give go test a longer -timeout")

// progress logs what goes on, but only under -v: t.Logf of a passing test is not
// shown otherwise, and of a failing one it would bury the failure.
func progress(t TB) func(string) {
	if !testing.Verbose() {
		return func(string) {}
	}
	return func(line string) { t.Logf("%s", line) }
}

// summary returns the record's text form.
func summary(r *report.Record) string {
	return written(func(w io.Writer) error { return page.Text(w, r) })
}

// written returns what a form writes.
func written(form func(io.Writer) error) string {
	var b bytes.Buffer
	if err := form(&b); err != nil {
		return err.Error()
	}
	return strings.TrimRight(b.String(), "\n")
}
