package index

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"os"

	"github.com/memgate/memgate/internal/chart"
	"github.com/memgate/memgate/internal/store"
	"github.com/memgate/memgate/internal/text"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
)

//go:embed index.html.tmpl
var indexSource string

var indexTemplate = template.Must(template.New("index").Parse(indexSource))

// IndexFile is the page that links the runs of a folder.
const IndexFile = "index.html"

// Add puts the run, whose page is dir/name.html, on the folder's index page,
// with its verdict and a picture of its working set. Several tests, also of several
// processes, may do so at once: whoever writes last looks once more whether a run was
// added meanwhile.
func Add(r *report.Record, dir, name string) error {
	return NewCard(r).Add(dir, name)
}

// Add puts the card on the index page of the folder.
func (c Card) Add(dir, name string) error {
	data, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("add %q to index: %w", name, err)
	}
	if err := store.WriteFile(dir, name+cardSuffix, data); err != nil {
		return fmt.Errorf("add %q to index: %w", name, err)
	}
	root, err := store.OpenFolder(dir)
	if err != nil {
		return fmt.Errorf("add %q to index: %w", name, err)
	}
	defer root.Close()
	if err := writeIndex(root, cardsIn); err != nil {
		return fmt.Errorf("add %q to index in %s: %w", name, dir, err)
	}
	return nil
}

// mostLooks bounds writeIndex where runs are added faster than it writes.
const mostLooks = 50

// writeIndex writes the page of all cards that look finds, and looks again when it is
// done: what another process added meanwhile may have been on the page that this one
// has just replaced.
func writeIndex(root *os.Root, look func(*os.Root) ([]Card, error)) error {
	var written [sha256.Size]byte
	for range mostLooks {
		cards, err := look(root)
		if err != nil {
			return err
		}
		var page bytes.Buffer
		if err := indexTemplate.Execute(&page, newIndex(cards)); err != nil {
			return err
		}
		sum := sha256.Sum256(page.Bytes())
		if sum == written {
			return nil
		}
		if err := store.WriteIn(root, IndexFile, func(w io.Writer) error { _, err := w.Write(page.Bytes()); return err }); err != nil {
			return err
		}
		written = sum
	}
	return nil
}

// index is the page: the runs by package.
type index struct {
	Title    string
	Outcome  report.Outcome
	Packages []indexPackage
}

type indexPackage struct {
	Path string
	Runs []indexRun
}

type indexRun struct {
	Name, Page, Outcome, Headline, Peak, Start, Spark string
	Bad                                               bool
}

func newIndex(cards []Card) index {
	ix := index{Outcome: report.Passed}
	bad := 0
	for _, c := range cards {
		if n := len(ix.Packages); n == 0 || ix.Packages[n-1].Path != c.Package {
			ix.Packages = append(ix.Packages, indexPackage{Path: c.Package})
		}
		run := newIndexRun(c)
		if run.Bad {
			bad++
		}
		now := &ix.Packages[len(ix.Packages)-1]
		now.Runs = append(now.Runs, run)
	}
	ix.Title = fmt.Sprintf("%d of %d runs passed or were only measured", len(cards)-bad, len(cards))
	if bad > 0 {
		ix.Outcome = report.Failed
		ix.Title = fmt.Sprintf("%d of %d runs did not pass", bad, len(cards))
	}
	return ix
}

func newIndexRun(c Card) indexRun {
	run := indexRun{Name: text.Visible(c.Name), Page: c.page, Headline: text.Visible(c.Headline), Bad: c.Outcome == nil || *c.Outcome != report.Passed && *c.Outcome != report.NotJudged}
	if test := text.Visible(c.Test); test != "" && test != run.Name {
		run.Name = test + " " + run.Name
	}
	if c.Outcome != nil {
		run.Outcome = c.Outcome.String()
	} else {
		run.Outcome, run.Page, run.Headline = "no report", "", "The run is under way, or it ended before its report was written"
	}
	if !c.Started.IsZero() {
		run.Start = c.Started.UTC().Format("2006-01-02 15:04")
	}
	if c.Peak > 0 {
		run.Peak = words.MiB(c.Peak)
	}
	run.Spark = sparkPath(c.Spark)
	return run
}

// sparkPath draws a run in 120 by 24 pixels, from zero.
func sparkPath(parts []uint64) string {
	high := uint64(1)
	for _, v := range parts {
		high = max(high, v)
	}
	var p chart.Line
	for i, v := range parts {
		if v == 0 {
			p.Lift()
			continue
		}
		p.To(120*float64(i)/float64(max(len(parts)-1, 1)), 23-22*float64(v)/float64(high))
	}
	return p.String()
}
