package index

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/memgate/memgate/internal/store"
	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/internal/text"
	"github.com/memgate/memgate/report"
)

// Card is what the index says of one run. It lies beside the run's page, so that no
// record need be read to write the index.
type Card struct {
	Name     string          `json:"name"`
	Test     string          `json:"test"`
	Package  string          `json:"package"`
	Started  time.Time       `json:"started"`
	Outcome  *report.Outcome `json:"outcome,omitempty"` // nil until the run's page is written
	Headline string          `json:"headline"`
	Peak     uint64          `json:"peak_bytes"`
	Spark    []uint64        `json:"spark"` // highest working set of each part of the run; 0 where there was none

	page string // its file's name
}

const (
	cardSuffix  = ".card.json"
	sparkParts  = 48
	largestCard = 64 << 10 // bytes
	mostCards   = 5000     // in one index
)

// NewCard returns what the index shows of a run.
func NewCard(r *report.Record) Card {
	v := r.Visible()
	outcome := v.Outcome()
	c := Card{Name: v.Name, Test: v.Test.Name, Package: v.Test.Package, Started: v.Started.UTC(), Outcome: &outcome, Headline: text.OneLine(text.UpperFirst(tell.Headline(v)), text.Widest)}
	if len(r.Samples) > 0 {
		c.Peak = r.Samples.Peak().WorkingSet
		for _, h := range tell.HighestParts(r.Samples, sparkParts) {
			c.Spark = append(c.Spark, uint64(h))
		}
	}
	return c
}

// Claim takes a name for a run's files in dir, for a test of that package: want, or
// want with a number where a test of another package has it. Several processes may
// claim in one folder at once; a test that runs again gets its name again.
func Claim(dir, want string, test report.Test) (name string, err error) {
	root, err := store.OpenFolder(dir)
	if err != nil {
		return "", fmt.Errorf("claim a report's name: %w", err)
	}
	defer root.Close()
	data, err := json.Marshal(Card{Test: text.Visible(test.Name), Package: text.Visible(test.Package)})
	if err != nil {
		return "", fmt.Errorf("claim a report's name: %w", err)
	}
	for n := 1; n < mostCards; n++ {
		name = want
		if n > 1 {
			name = fmt.Sprintf("%s.%d", want, n)
		}
		switch holder, err := claimOne(root, name+cardSuffix, data); {
		case err != nil:
			return "", fmt.Errorf("claim report %s in %s: %w", name, dir, err)
		case holder == nil || holder.Package == text.Visible(test.Package):
			return name, nil
		}
	}
	return "", fmt.Errorf("claim report %s in %s: %d other packages have runs of that name: clear the folder", want, dir, mostCards)
}

// claimOne makes the card, whole at once, if there is none; else it is who has it.
func claimOne(root *os.Root, file string, data []byte) (holder *Card, err error) {
	if err := store.CheckName(file); err != nil {
		return nil, err
	}
	temporary := store.TemporaryName(file)
	err = store.WriteNew(root, temporary, func(w io.Writer) error { _, err := w.Write(data); return err })
	if err == nil {
		err = root.Link(temporary, file)
	}
	_ = root.Remove(temporary)
	if err == nil {
		return nil, nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	c, err := readCard(root, file)
	if err != nil {
		return nil, fmt.Errorf("the name is taken by something that is no card (%w): remove it", err)
	}
	return c, nil
}

func readCard(root *os.Root, file string) (*Card, error) {
	info, err := root.Lstat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > largestCard {
		return nil, errors.New("no plain file of a card's size")
	}
	data, err := root.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var c Card
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	c.page = strings.TrimSuffix(file, cardSuffix) + ".html"
	c.Spark = c.Spark[:min(len(c.Spark), 4*sparkParts)]
	return &c, nil
}

// cardsIn returns the cards of a folder by package, then test. What is no card is left out:
// it is no reason not to show the others.
func cardsIn(root *os.Root) ([]Card, error) {
	folder, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	defer func() { _ = folder.Close() }()
	names, err := folder.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var cards []Card
	for _, name := range names {
		if !strings.HasSuffix(name, cardSuffix) || store.CheckName(name) != nil || len(cards) == mostCards {
			continue
		}
		if c, err := readCard(root, name); err == nil {
			cards = append(cards, *c)
		}
	}
	slices.SortStableFunc(cards, func(a, b Card) int { return strings.Compare(a.Package, b.Package) })
	return cards, nil
}
