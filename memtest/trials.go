package memtest

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/memgate/memgate/internal/gobuild"
	"github.com/memgate/memgate/internal/store"
	"github.com/memgate/memgate/report"
	"github.com/memgate/memgate/report/compare"
)

// trials are runs of several variants, to be compared.
type trials struct {
	variants []Scenario
	n        int // of each
	seed     uint64
	stop     bool                               // a trial whose target dies ends the test
	form     func(runs [][]*report.Record) form // compares them, in the order of the variants
}

// form is what a comparison is written as.
type form interface {
	HTML(io.Writer) error
	Markdown(io.Writer) error
	Text(io.Writer) error
	AddToIndex(dir, name string) error
}

var (
	_ form = (*compare.Comparison)(nil)
	_ form = (*compare.Ranking)(nil)
)

// newTrials plans n trials of each variant, which have these names by default.
func newTrials(n int, names []string, variants ...Scenario) (*trials, error) {
	if n <= 0 {
		n = defaultTrials
	}
	seed, err := seedOfOrder()
	if err != nil {
		return nil, err
	}
	p := &trials{n: n, seed: seed}
	taken := map[string]bool{}
	for i, s := range variants {
		s.Name = cmp.Or(s.Name, names[i])
		if taken[s.Name] {
			return nil, fmt.Errorf("two scenarios are named %q: give each a Name of its own", s.Name)
		}
		taken[s.Name] = true
		s.leftAlone, s.MaxDuration = true, -1
		if s.HeapWalk == HeapWalkAuto {
			s.HeapWalk = HeapWalkOff
		}
		if _, err := s.plan(); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		p.variants = append(p.variants, s)
	}
	return p, nil
}

// seedOfOrder is MEMTEST_SEED, or else a new one.
func seedOfOrder() (uint64, error) {
	text := os.Getenv("MEMTEST_SEED")
	if text == "" {
		return uint64(rand.Uint32()), nil // short enough to be typed, and for any reader of JSON
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("MEMTEST_SEED %q: set a whole number, as a record's trial.seed has it", text)
	}
	return seed, nil
}

// order returns which variant each trial is of: in every round each once, shuffled.
func (p *trials) order() []int {
	random := rand.New(rand.NewPCG(p.seed, 0))
	var order []int
	for range p.n {
		order = append(order, random.Perm(len(p.variants))...)
	}
	return order
}

// run makes the trials and has them compared when the test ends.
func (p *trials) run(t TB) [][]*report.Record {
	t.Helper()
	if err := p.fits(t); err != nil {
		fatalf(t, "%v", err)
	}
	runs := make([][]*report.Record, len(p.variants))
	page, err := p.compareAtEnd(t, runs)
	if err != nil {
		fatalf(t, "%v", err)
	}
	say, order := progress(t), p.order()
	ctx := gobuild.Once(t.Context())
	for place, v := range order {
		trial := report.Trial{
			Of: p.variants[v].Name, N: len(runs[v]) + 1, Place: place + 1, Total: len(order), Seed: p.seed, Report: page,
		}
		say("memtest " + trial.String())
		r := run(ctx, t, p.variants[v], trial)
		runs[v] = append(runs[v], r)
		if _, ended := r.Fatal(); ended && p.stop {
			fatalf(t, "%s: its target died: no comparison is possible", trial)
		}
	}
	return runs
}

// fits says, before any trial is made, if all of them cannot end ahead of the test's deadline.
func (p *trials) fits(t TB) error {
	deadline, ok := deadlineOf(t)
	if !ok {
		return nil
	}
	var plan time.Duration
	for _, s := range p.variants {
		if one, err := s.plan(); err == nil {
			plan += time.Duration(p.n) * one.Length()
		}
	}
	if left := time.Until(deadline); left-deadlineMargin < plan {
		return fmt.Errorf("the test's deadline is in %v, %d trials take %v, besides starting and stopping %d targets, and %v are kept to clean up: give go test a longer -timeout, or shorten the scenarios",
			left.Round(100*time.Millisecond), p.n*len(p.variants), plan, p.n*len(p.variants), deadlineMargin)
	}
	return nil
}

// compareAtEnd writes the comparison when the test ends and the judges have spoken. Its
// page's path is known before.
func (p *trials) compareAtEnd(t TB, runs [][]*report.Record) (page string, err error) {
	out, err := openArtifacts(t, "comparison", thisTest(t))
	if err != nil {
		return "", err
	}
	page = filepath.Join(out.dir, out.name+".html")
	t.Cleanup(func() {
		t.Helper()
		made := 0
		for _, of := range runs {
			made += len(of)
		}
		if made == 0 {
			return
		}
		f := p.form(runs)
		err := errors.Join(
			store.WriteForm(out.dir, out.name+".html", f.HTML),
			store.WriteForm(out.dir, out.name+".md", f.Markdown),
			appendSummary(f.Markdown),
			f.AddToIndex(out.dir, out.name),
		)
		if t.Failed() || testing.Verbose() {
			t.Logf("%s\nreport %s", written(f.Text), page)
		}
		if err != nil {
			t.Logf("memtest: %v", err) // the verdict stands, whatever becomes of its file
		}
	})
	return page, nil
}
