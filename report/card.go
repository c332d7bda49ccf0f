package report

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
)

// card is what the index says of one run. It lies beside the run's page, so that no
// record need be read to write the index.
type card struct {
	Name     string    `json:"name"`
	Test     string    `json:"test"`
	Package  string    `json:"package"`
	Started  time.Time `json:"started"`
	Outcome  outcome   `json:"outcome"` // empty until the run's page is written
	Headline string    `json:"headline"`
	Peak     uint64    `json:"peak_bytes"`
	Spark    []uint64  `json:"spark"` // highest working set of each part of the run; 0 where there was none

	page string // its file's name
}

const (
	cardSuffix  = ".card.json"
	sparkParts  = 48
	largestCard = 64 << 10 // bytes
	mostCards   = 5000     // in one index
)

func newCard(r *Record) card {
	v := r.visible()
	c := card{Name: v.Name, Test: v.Test.Name, Package: v.Test.Package, Started: v.Started.UTC(), Outcome: v.outcome(), Headline: oneLine(upperFirst(v.headline()), widest)}
	if len(r.Samples) > 0 {
		c.Peak = r.Samples.Peak().WorkingSet
		for _, h := range highestParts(r.Samples, sparkParts) {
			c.Spark = append(c.Spark, uint64(h))
		}
	}
	return c
}

// Claim takes a name for a run's files in dir, for a test of that package: want, or
// want with a number where a test of another package has it. Several processes may
// claim in one folder at once; a test that runs again gets its name again.
func Claim(dir, want string, test Test) (name string, err error) {
	root, err := openFolder(dir)
	if err != nil {
		return "", fmt.Errorf("claim a report's name: %w", err)
	}
	defer root.Close()
	data, err := json.Marshal(card{Test: visibleText(test.Name), Package: visibleText(test.Package)})
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
		case holder == nil || holder.Package == visibleText(test.Package):
			return name, nil
		}
	}
	return "", fmt.Errorf("claim report %s in %s: %d other packages have runs of that name: clear the folder", want, dir, mostCards)
}

// claimOne makes the card, whole at once, if there is none; else it is who has it.
func claimOne(root *os.Root, file string, data []byte) (holder *card, err error) {
	if err := checkName(file); err != nil {
		return nil, err
	}
	temporary := temporaryName(file)
	err = writeNew(root, temporary, func(w io.Writer) error { _, err := w.Write(data); return err })
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

func readCard(root *os.Root, file string) (*card, error) {
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
	var c card
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	c.page = strings.TrimSuffix(file, cardSuffix) + ".html"
	c.Spark = c.Spark[:min(len(c.Spark), 4*sparkParts)]
	return &c, nil
}

// cardsIn is the cards of a folder by package, then test. What is no card is left out:
// it is no reason not to show the others.
func cardsIn(root *os.Root) ([]card, error) {
	folder, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	names, err := folder.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var cards []card
	for _, name := range names {
		if !strings.HasSuffix(name, cardSuffix) || checkName(name) != nil || len(cards) == mostCards {
			continue
		}
		if c, err := readCard(root, name); err == nil {
			cards = append(cards, *c)
		}
	}
	slices.SortStableFunc(cards, func(a, b card) int { return strings.Compare(a.Package, b.Package) })
	return cards, nil
}
