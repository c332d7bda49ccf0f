// Compare says whether memory got worse between two sets of saved runs, of any two
// commits: records as JSON, or the HTML reports that hold them.
//
//	go run ./examples/compare [flags] OLD.json… -- NEW.json…
//
// It prints what changed and how clear that is, and exits with 1 if something got worse
// by more than the tolerance, which flags set, and with 2 if it cannot tell: a file
// that is no record, fewer than five runs a side, a run that was cut short.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/memgate/memgate/internal/store"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/report"
	"github.com/memgate/memgate/report/compare"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// Exit codes.
const (
	notWorse = 0
	worse    = 1
	unusable = 2
)

const usage = "usage: compare [flags] OLD.json… -- NEW.json…: records (JSON, HTML) before and after a change, five or more of each"

// options is what the command line asks for.
type options struct {
	tolerance memtest.Tolerance
	markdown  bool
	html      string
	old, new  []string
}

func run(args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if err != nil {
		return unusable
	}
	fail := func(err error) int {
		fmt.Fprintf(stderr, "compare: %v\n", err)
		return unusable
	}
	before, err := readAll(o.old)
	if err != nil {
		return fail(err)
	}
	after, err := readAll(o.new)
	if err != nil {
		return fail(err)
	}
	if err := distinct(append(slices.Clone(before), after...), append(slices.Clone(o.old), o.new...)); err != nil {
		return fail(err)
	}
	last := after[len(after)-1]
	last.AllowInconclusive = false // what is judged does not say how
	checks, verdict := o.tolerance.Check(before, after)
	last.Checks = append(withoutComparisons(last.Checks), checks...)
	if err := o.show(compare.Runs(before, after), stdout); err != nil {
		return fail(err)
	}
	switch {
	case verdict == nil:
		return notWorse
	case errors.Is(verdict, memtest.ErrCannotTell) || checks == nil:
		return fail(verdict)
	}
	fmt.Fprintf(stderr, "compare: %v\n", verdict)
	return worse
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprintln(stderr, usage); flags.PrintDefaults() }
	flags.Float64Var(&o.tolerance.Relative, "relative", 0.03, "by which share memory may rise")
	absolute := flags.String("absolute", "1MiB", "by how much memory may rise in any case")
	flags.Float64Var(&o.tolerance.GrowthPerRequest, "growth", 64, "by how many bytes per request growth may rise")
	flags.Float64Var(&o.tolerance.Latency, "latency", 0.25, "by which share the p99 latency may rise")
	flags.BoolVar(&o.markdown, "markdown", false, "print Markdown, for a pull request")
	flags.StringVar(&o.html, "html", "", "write a page to this file")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.tolerance.Absolute = memtest.Size(*absolute)
	if o.tolerance.Relative == 0 || o.tolerance.GrowthPerRequest == 0 || o.tolerance.Latency == 0 { // the zero value is the default
		fmt.Fprintln(stderr, "compare: a tolerance is 0: give a small number, such as 1e-9, for none")
		return o, errors.New("no tolerance")
	}
	files := flags.Args()
	split := slices.Index(files, "--")
	if split < 1 || split == len(files)-1 {
		flags.Usage()
		return o, errors.New("no two sides")
	}
	o.old, o.new = files[:split], files[split+1:]
	return o, nil
}

// show prints the comparison, and writes its page if that is asked for.
func (o options) show(c *compare.Comparison, stdout io.Writer) error {
	form := c.Text
	if o.markdown {
		form = c.Markdown
	}
	if err := form(stdout); err != nil || o.html == "" {
		return err
	}
	return store.WriteForm(filepath.Dir(o.html), filepath.Base(o.html), c.HTML)
}

const mostFiles = 200 // of a side: more are not looked at by the test either

// readAll reads records. Whatever else a file is makes an error that names it.
func readAll(files []string) (all []*report.Record, err error) {
	if len(files) > mostFiles {
		return nil, fmt.Errorf("%d files of one side are more than %d: give the latest", len(files), mostFiles)
	}
	for _, file := range files {
		r, err := read(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: give the .json that memtest wrote for a run", file, err)
		}
		all = append(all, r)
	}
	return all, nil
}

// distinct returns an error if two of the files are of one run, which as several would prove
// what one does not.
func distinct(runs []*report.Record, files []string) error {
	type run struct {
		started time.Time
		name    string
		trial   report.Trial
	}
	seen := map[run]string{}
	for i, r := range runs {
		this := run{r.Started.UTC(), r.Name, r.Trial}
		if of, ok := seen[this]; ok {
			return fmt.Errorf("%s and %s are of one and the same run: give each run once, on one side", of, files[i])
		}
		seen[this] = files[i]
	}
	return nil
}

func read(file string) (*report.Record, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // a pipe might never end
		return nil, errors.New("it is no plain file")
	}
	in, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	return report.Read(in)
}

// withoutComparisons returns what else a record's judges said: an earlier comparison was
// with other runs.
func withoutComparisons(checks []report.Check) []report.Check {
	return slices.DeleteFunc(checks, func(c report.Check) bool { return c.Judge == report.NotWorse })
}
