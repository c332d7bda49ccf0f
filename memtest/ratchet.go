package memtest

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/memgate/memgate/report"
)

// accept records the runs as the baseline. It is an error in any case: that it was
// recorded, or why not.
func (d drift) accept() error {
	least := leastRuns(len(d.gate.judge(d.fresh.Values(), d.fresh.Values())))
	if len(d.now) < least {
		return fmt.Errorf("baseline %s is not recorded of %d trials: nothing can be told from so few later: make at least %d", d.place, len(d.now), least)
	}
	next, verb := d.fresh, "recorded"
	if d.file != nil {
		next, verb = d.file.Accept(d.fresh), "recorded anew"
	}
	if err := d.place.Write(next); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "baseline %s %s: read its diff, commit it, and run again without an update", d.place, verb)
	for _, j := range d.verdicts {
		if j.N[0] > 0 && j.N[1] > 0 {
			fmt.Fprintf(&b, "\n    %-20s %s", j.Metric.Name(), j.String())
		}
	}
	for i, line := range d.accepted(next) {
		fmt.Fprintf(&b, "\n    %-20s %s", []string{"in all", ""}[min(i, 1)], line)
	}
	return errors.New(b.String())
}

// tighten lowers the reference of figures that are clearly better, and says so; under CI
// it only says that it could. A run that failed for another reason is no reference.
func (d drift) tighten(failed bool) string {
	metrics, lines := d.better()
	if len(metrics) == 0 || failed {
		return ""
	}
	what := fmt.Sprintf("better than baseline %s: %s: ", d.place, strings.Join(lines, "; "))
	if underCI() {
		return what + "run it outside CI to lower the baseline, and commit that"
	}
	if err := d.place.Write(d.file.Tighten(d.fresh, metrics)); err != nil {
		return what + fmt.Sprintf("the baseline could not be lowered: %v", err)
	}
	return what + "the baseline is lowered to that: commit it"
}

// better returns the units of the figures that are better by the rule that finds worse ones,
// each with its change.
func (d drift) better() (metrics []report.Metric, lines []string) {
	if d.file == nil || whyUndecided(d.file.Values(), d.fresh.Values(), d.verdicts) != "" {
		return nil, nil
	}
	for _, j := range d.verdicts {
		if j.outcome == better {
			metrics = append(metrics, j.Metric)
			lines = append(lines, j.Metric.Name()+" "+j.String())
		}
	}
	return metrics, lines
}

// underCI tells whether a build server runs the test, by the variable that all set.
func underCI() bool {
	ci := os.Getenv("CI")
	return ci != "" && ci != "false" && ci != "0"
}
