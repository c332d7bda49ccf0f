package memtest

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/memgate/memgate/internal/baseline"
	"github.com/memgate/memgate/report"
)

// Baseline is a reference that runs are held to, kept in files that are committed beside
// the test: one for each class of host (CPU, kernel, cgroup version, transparent huge
// pages, engine, memory limit), because memory does not compare between them. They are in
// Go benchmark format, which benchstat reads, and have a checksum.
type Baseline struct {
	// File is the beginning of the files' names, below the folder of the test:
	// "testdata/orders" stands for testdata/orders.<class>.memtest. Required.
	File string

	Tolerance Tolerance // by how much figures may be worse than the reference

	_ struct{}
}

var _ Gate = Baseline{}

// NoDrift fails the test if memory or latency got worse than the baseline, by the rule of
// [NotWorse], and returns whether it passed; [Baseline.Check] is its core. [Trials] makes
// the runs.
//
// The baseline is a ratchet. Its reference goes up only where somebody asks for that:
// MEMTEST_UPDATE=1, or the -update flag of a test that has one, records these runs and
// fails this test all the same, as a test that wrote its own answer must. The file keeps
// what was accepted over time; once that adds up to more than the tolerance, it is a
// warning. A figure that is clearly better, by the same rule, lowers the reference at
// once; under CI (the environment variable CI) that is only reported.
//
// If there is no baseline at all, the test fails. If only baselines for other host classes
// exist, it warns, or fails under MEMTEST_REQUIRE_BASELINE=1. A file that cannot be read
// fails the test and is never overwritten.
func NoDrift(t TB, now []*report.Record, b Baseline) bool {
	t.Helper()
	d, err := b.compare(now)
	if err == nil && asksForUpdate() {
		err = d.accept()
	} else if err == nil {
		err = d.err()
	}
	if len(now) > 0 {
		last := now[len(now)-1]
		checks := explained(d.checks(), report.NoDrift, err)
		placed(checks)
		last.Checks = append(last.Checks, checks...)
		last.Notes = append(last.Notes, d.warnings()...)
	}
	if err != nil {
		t.Errorf("%s", err)
		return false
	}
	for _, f := range d.warnings() {
		t.Logf("memtest: warning: %s", f.Text())
	}
	if said := d.tighten(t.Failed()); said != "" {
		t.Logf("memtest: %s", said)
		told := []report.Check{{Judge: report.Ratchet, Outcome: report.Passed, Rule: "baseline", Allowed: d.place.String(), Got: said}}
		placed(told)
		last := now[len(now)-1]
		last.Checks = append(last.Checks, told...)
	}
	return true
}

// Check compares the runs with the baseline, a check for each figure, and writes nothing.
// The error is nil if no figure got worse, also where the baseline is of another class of
// host only. It names those that did; or says why nothing can be said: see
// [Tolerance.Check], no baseline, one that cannot be read.
func (b Baseline) Check(now []*report.Record) ([]report.Check, error) {
	d, err := b.compare(now)
	if err == nil {
		err = d.err()
	}
	return d.checks(), err
}

// drift is what a comparison with a baseline found.
type drift struct {
	gate     gate
	now      []*report.Record
	place    baseline.Place
	file     *baseline.File // nil where there is none for this class of host
	fresh    *baseline.File // of the runs
	others   []baseline.Other
	verdicts []judged
}

// compare reads the baseline and judges the runs by it. Its error says that this could
// not be done; a missing file is none.
func (b Baseline) compare(now []*report.Record) (d drift, err error) {
	d.now = now
	if len(now) == 0 {
		return d, fmt.Errorf("there are no runs to compare with baseline %q: make them with memtest.Trials", b.File)
	}
	if d.gate, err = b.Tolerance.gate(); err != nil {
		return d, fmt.Errorf("baseline %q: tolerance: %w", b.File, err)
	}
	if err := noData("now", now); err != nil {
		return d, fmt.Errorf("%w whether memory drifted from baseline %q: %w", ErrCannotTell, b.File, err)
	}
	if d.fresh, err = baseline.Of(now); err != nil {
		return d, err
	}
	if d.place, err = baseline.PlaceOf(b.File, d.fresh.Class); err != nil {
		return d, err
	}
	switch d.file, err = d.place.Read(); {
	case errors.Is(err, fs.ErrNotExist):
		d.others, err = d.place.Others()
		return d, err
	case err != nil:
		return d, err
	}
	if d.file.Class != d.fresh.Class {
		return d, fmt.Errorf("baseline %s is of another class of host than its name says (%s): it was copied or renamed: delete it, and %s", d.place, d.fresh.Class.Differs(d.file.Class), recordHere)
	}
	d.gate.floors = d.file.Noise()
	d.verdicts = d.gate.judge(d.file.Values(), d.fresh.Values())
	return d, nil
}

// asksForUpdate tells whether the one who runs the test wants its runs recorded.
func asksForUpdate() bool {
	if os.Getenv("MEMTEST_UPDATE") == "1" {
		return true
	}
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

const recordHere = "record one on this host with MEMTEST_UPDATE=1 and commit it"

// err returns what the test fails with, if it does.
func (d drift) err() error {
	if i := slices.IndexFunc(d.others, func(o baseline.Other) bool { return o.Err != nil }); i >= 0 {
		return d.others[i].Err
	}
	switch {
	case d.file == nil && len(d.others) == 0:
		return fmt.Errorf("there is no baseline %s yet: %s", d.place, recordHere)
	case d.file == nil && os.Getenv("MEMTEST_REQUIRE_BASELINE") == "1":
		return fmt.Errorf("MEMTEST_REQUIRE_BASELINE=1, but %s", d.stale())
	case d.file == nil:
		return nil
	case d.file.Name != d.fresh.Name || d.file.Package != d.fresh.Package:
		return fmt.Errorf("baseline %s is of %s in %s, and these are runs of %s in %s: give each test a File of its own, or, if it was renamed, record anew with MEMTEST_UPDATE=1",
			d.place, d.file.Name, d.file.Package, d.fresh.Name, d.fresh.Package)
	case slices.ContainsFunc(d.verdicts, func(j judged) bool { return j.outcome == worse }):
		return errors.New(d.message())
	}
	if why := whyUndecided(d.file.Values(), d.fresh.Values(), d.verdicts); why != "" && !d.now[len(d.now)-1].AllowInconclusive {
		return fmt.Errorf("%w whether memory drifted from baseline %s: %s", ErrCannotTell, d.place, why)
	}
	return nil
}

// stale says that the baselines there are come from other hosts.
func (d drift) stale() string {
	var hosts []string
	for _, other := range d.others {
		if other.Err != nil {
			continue // an error of its own
		}
		hosts = append(hosts, fmt.Sprintf("%s is not of this class of host (%s)", other.Path, d.fresh.Class.Differs(other.File.Class)))
	}
	return fmt.Sprintf("nothing was compared with a baseline: %s: %s", strings.Join(hosts, "; "), recordHere)
}

func (d drift) checks() []report.Check {
	checks := d.gate.checks(report.NoDrift, d.verdicts)
	if n := len(d.now); n > 0 && d.now[n-1].AllowInconclusive {
		letPass(checks)
	}
	return checks
}

// warnings returns a baseline of another class of host, and references that went up by more
// than the tolerance in steps that were each accepted.
func (d drift) warnings() []report.Finding {
	var all []report.Finding
	warn := func(text string) { all = append(all, report.Finding{Kind: report.Warning, Summary: text}) }
	if d.file == nil && slices.ContainsFunc(d.others, func(o baseline.Other) bool { return o.Err == nil }) {
		warn(d.stale())
	}
	if d.file == nil {
		return all
	}
	for _, line := range d.accepted(d.file) {
		warn(fmt.Sprintf("baseline %s went up, step by step: %s: is that what was meant?", d.place, line))
	}
	return all
}

// accepted returns the figures whose reference in the file has gone up by more than the
// tolerance since it was lowest.
func (d drift) accepted(f *baseline.File) []string {
	var all []string
	for _, m := range judgedMetrics {
		drift := f.Drift(m)
		if by := drift.At - drift.Lowest; drift.Steps > 0 && by > d.gate.allowed(m, drift.Lowest) && by > d.gate.floors[m] {
			all = append(all, fmt.Sprintf("%s %s", m.Name(), drift))
		}
	}
	return all
}

func (d drift) message() string {
	var b strings.Builder
	fmt.Fprintf(&b, "memory of %q drifted from its baseline", d.fresh.Name)
	writeVerdicts(&b, d.verdicts)
	for i, line := range d.accepted(d.file) {
		fmt.Fprintf(&b, "\n    %-8s %s", []string{"accepted", ""}[min(i, 1)], line)
	}
	fmt.Fprintf(&b, "\n    baseline %s, recorded %s at %s", d.place, d.file.When.Format("2006-01-02"), commitOf(d.file))
	last := d.now[len(d.now)-1]
	if page := cmp.Or(last.Trial.Report, last.Report); page != "" {
		fmt.Fprintf(&b, "\n    report   %s", page)
	}
	b.WriteString("\n    remedy   make it what it was; or, if that is what it costs now, accept it with MEMTEST_UPDATE=1 and commit the file")
	return b.String()
}

func commitOf(f *baseline.File) string {
	if f.Commit == "" {
		return "an unknown commit"
	}
	return f.Commit
}
