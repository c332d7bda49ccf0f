package report

import (
	"fmt"
	"time"
)

// Outcome is what a rule, or a run as a whole, came to. The zero value is no pass.
type Outcome uint8

// The outcomes.
const (
	Inconclusive Outcome = iota // what was measured does not decide: no pass
	Passed
	Failed
	NotJudged // no judge was asked; of runs only
)

var outcomes = []string{"inconclusive", "passed", "failed", "not judged"}

// String returns the outcome's word, as JSON has it.
func (o Outcome) String() string {
	if int(o) >= len(outcomes) {
		return fmt.Sprintf("Outcome(%d)", uint8(o))
	}
	return outcomes[o]
}

// MarshalText writes the outcome's word.
func (o Outcome) MarshalText() ([]byte, error) {
	if int(o) >= len(outcomes) {
		return nil, fmt.Errorf("write outcome: %d is none of %q", uint8(o), outcomes)
	}
	return []byte(o.String()), nil
}

// UnmarshalText reads the word that MarshalText writes.
func (o *Outcome) UnmarshalText(word []byte) error {
	for i, name := range outcomes {
		if string(word) == name {
			*o = Outcome(i)
			return nil
		}
	}
	return fmt.Errorf("read outcome: %q is none of %q", word, outcomes)
}

// Judge says whose rule a check is of.
type Judge string

// The judges.
const (
	NoLeak   Judge = "no leak"
	Budget   Judge = "budget"
	NotWorse Judge = "not worse" // compares two sides: Value is the change
	NoDrift  Judge = "no drift"  // compares with a baseline: as NotWorse
	Ratchet  Judge = "baseline"  // a reference was lowered
	SelfTest Judge = "self-test"
)

// Check is what one rule of a judge said. Outcome, Metric, Limit and Value are the result;
// the texts below say it to people and are read by nothing.
type Check struct {
	Judge    Judge
	Metric   Metric // what was judged; empty where that is no single figure
	Subject  string // SelfTest: what was tried
	Outcome  Outcome
	Limit    float64 // what is allowed, in Metric's unit; 0 where the rule has no number
	Value    float64 // what was measured, in Metric's unit; for NotWorse and NoDrift the change
	Measured bool    // Value is known
	Better   bool    // NotWorse and NoDrift: it improved by as much as would be worse
	CutShort bool    // it was kept until the run was cut short, which proves nothing
	Reason   string  // if Inconclusive: why, where that is not the trend's reason

	Rule    string // "peak working set", "no leak"
	Allowed string // "≤ 48.0 MiB"
	Got     string // "63.2 MiB (+15.2, 132%) at 01:12, 200 req/s"
	Margin  string // how far what was measured is from what is allowed: "9.6 MiB left"; empty where the rule has no number
	Detail  string // the judge's whole message, for a rule that was not kept
	File    string // where the judge was asked, as in Test
	Line    int
}

// Passed reports whether the rule was kept.
func (c Check) Passed() bool { return c.Outcome == Passed }

// Mark returns the sign of what became of the rule: ✓ kept, ✗ broken, – neither.
func (c Check) Mark() string {
	switch c.Outcome {
	case Passed:
		return "✓"
	case Failed:
		return "✗"
	}
	return "–"
}

// Finding is something that happened in the run which a reader must know.
type Finding struct {
	At      time.Duration
	Kind    Kind
	Summary string // what happened, in one clause
	Detail  string // what else is known; it goes on where Summary ends: " (exit code 137); …"
	Remedy  string // what to do about it
	Logs    string // the target's last log lines, where they explain it
	Fatal   bool   // the run could not go on: no judge passes it
}

// Text returns the finding in one sentence.
func (f Finding) Text() string {
	if f.Remedy == "" {
		return f.Summary + f.Detail
	}
	return f.Summary + f.Detail + ": " + f.Remedy
}

// Kind sorts findings.
type Kind string

// The kinds of findings.
const (
	OOMKilled   Kind = "oom-killed"   // the kernel OOM-killed the target: a witness says so
	Exited      Kind = "exited"       // the target ended by itself, or was killed
	Pinned      Kind = "pinned"       // the target sat at its memory limit, and suffered, without being killed
	KnownGrowth Kind = "known growth" // what became of growth that the scenario tolerates
	LoadFailed  Kind = "load-failed"  // the load could not go on
	Extended    Kind = "extended"     // the load went on for longer than planned, because the evidence does not decide
	Warning     Kind = "warning"      // the run went on with less than was asked
)
