package memtest

import (
	"fmt"
	"math"

	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
)

// noiseOfRun is how many standard deviations a single run may be above another of the
// same target.
const noiseOfRun = 3

// assertion is one field of a budget.
type assertion struct {
	field  string // of Budget
	rule   string
	alone  Budget        // with that field only
	metric report.Metric // of the figure whose noise it has
	of     func(*report.Record) measured
}

// assertions returns the fields of the budget that are set and limit a figure from above.
func (b Budget) assertions() []assertion {
	var set []assertion
	for _, a := range []assertion{
		{"Peak", "peak working set", Budget{Peak: b.Peak}, report.PeakWorkingSet, peakOf},
		{"Average", "average working set", Budget{Average: b.Average}, report.AverageWorkingSet, averageOf},
		{"P95", "p95 working set", Budget{P95: b.P95}, report.PeakWorkingSet, p95Of},
		{"Settled", "after cool-down", Budget{Settled: b.Settled}, report.SettledWorkingSet, settledOf},
		{"Headroom", "headroom to limit", Budget{Headroom: b.Headroom}, report.PeakWorkingSet, peakOf},
	} {
		if a.alone != (Budget{}) {
			set = append(set, a)
		}
	}
	return set
}

func (b Budget) prove(e evidence) []report.Check {
	if rules, err := b.rules(); err != nil || len(rules) == 0 {
		_, err = b.Check(e.run)
		return []report.Check{proof("budget", err.Error(), "")}
	}
	var all []report.Check
	twice := doubled(e.run)
	for _, a := range b.assertions() {
		all = append(all, a.prove(e, twice))
	}
	if b.GrowthPerRequest > 0 {
		all = append(all, b.proveGrowth(e))
	}
	if b.NoOOM {
		all = append(all, b.proveNoOOM(e, twice))
	}
	return all
}

// prove asks the assertion of the run as it was, and of twice the memory.
func (a assertion) prove(e evidence, twice *report.Record) report.Check {
	checks, _ := a.alone.Check(e.run)
	own, worse := checks[0], a.of(twice)
	name := fmt.Sprintf("budget: %s %s", a.rule, own.Allowed)
	got := a.of(e.run)
	if !got.ok || a.field == "Headroom" && e.run.Env.Limit == 0 {
		return proof(name, own.Got, "")
	}
	noise := noiseOfRun * e.noise(a.metric)
	size := func(bytes float64) string { return tell.Quantity(bytes, report.PeakWorkingSet) }
	checks, _ = a.alone.Check(twice)
	switch slack := a.slack(e.run, got.bytes); {
	case !own.Passed():
		return proof(name, fmt.Sprintf("the target as it is breaks it: got %s: %s", own.Got, a.advice(e.run, got.bytes, noise)), "")
	case checks[0].Passed():
		return proof(name, fmt.Sprintf("a doubling from %s to %s passes: %s", size(got.bytes), size(worse.bytes), a.advice(e.run, got.bytes, noise)), "")
	case slack < noise:
		return proof(name, fmt.Sprintf("crying wolf: %s of %s is to spare, and equal runs differ by %s: %s", size(slack), size(got.bytes), size(noise), a.advice(e.run, got.bytes, noise)), "")
	default:
		return proof(name, "", fmt.Sprintf("%s as it is, %s to spare, equal runs differ by %s; doubled, it fails", size(got.bytes), size(slack), size(noise)))
	}
}

// slack returns how much more the figure may take.
func (a assertion) slack(r *report.Record, got float64) float64 {
	for _, s := range []Size{a.alone.Peak, a.alone.Average, a.alone.P95, a.alone.Settled} {
		if allowed, err := s.bytes(); err == nil && allowed > 0 {
			return float64(allowed) - got
		}
	}
	headroom, _ := a.alone.Headroom.bytes() // rules has read it
	return float64(r.Env.Limit) - got - float64(headroom)
}

// advice returns what to set: above the noise, below a doubling, half as much again if there
// is room for that.
func (a assertion) advice(r *report.Record, got, noise float64) string {
	want := max(1.5*got, got+2*noise)
	unit, name := float64(mib), "MiB"
	if got < 8*mib {
		unit, name = kib, "KiB"
	}
	whole := math.Ceil(want / unit)
	if a.field == "Headroom" {
		whole = math.Floor((float64(r.Env.Limit) - want) / unit)
	}
	if want >= 2*got || whole <= 0 {
		return "no value is above the noise and below a doubling: make the runs longer, or the machine quieter"
	}
	return fmt.Sprintf("set %s: \"%.0f%s\"", a.field, whole, name)
}

func (b Budget) proveGrowth(e evidence) report.Check {
	alone := Budget{GrowthPerRequest: b.GrowthPerRequest}
	checks, _ := alone.Check(e.run)
	own := checks[0]
	name := fmt.Sprintf("budget: %s %s", own.Rule, own.Allowed)
	planted := e.visibleLeak()
	set := fmt.Sprintf("set Growth: %.0f", math.Ceil(max(1, 1.5*planted/visible)))
	if !own.Passed() {
		return proof(name, fmt.Sprintf("the target as it is breaks it: got %s: run for longer, or %s", own.Got, set), "")
	}
	leaked := withLeak(e.run, planted)
	if checks, _ = alone.Check(leaked); checks[0].Passed() {
		return proof(name, fmt.Sprintf("a leak of %s/request, which this run shows, passes: %s", words.Bytes(planted), set), "")
	}
	return proof(name, "", fmt.Sprintf("%s as it is; with %s/request planted it fails", own.Got, words.Bytes(planted)))
}

func (b Budget) proveNoOOM(e evidence, killed *report.Record) report.Check {
	own, worse := oomRule(e.run), oomRule(killed)
	switch {
	case !own.Passed():
		return proof("budget: "+own.Rule, "the target as it is breaks it: got "+own.Got, "")
	case worse.Passed():
		return proof("budget: "+own.Rule, "a kill passes", "")
	}
	return proof("budget: "+own.Rule, "", "none as it is; one fails")
}
