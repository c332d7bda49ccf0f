package report

import "time"

// Check is what one rule of a judge said.
type Check struct {
	Rule    string // "peak working set", "no leak"
	Allowed string // "≤ 48.0 MiB"
	Got     string // "63.2 MiB (+15.2, 132%) at 01:12, 200 req/s"
	OK      bool
	Margin  string // how far what was measured is from what is allowed: "9.6 MiB left"; empty where the rule has no number
	Detail  string // the judge's whole message, for a rule that failed
	File    string // where the judge was asked, as in Test
	Line    int

	Undecided bool // it was kept until the run was cut short, which proves nothing: OK is false
}

// Mark returns the sign of what became of the rule: ✓ kept, ✗ broken, – neither.
func (c Check) Mark() string {
	switch {
	case c.OK:
		return "✓"
	case c.Undecided:
		return "–"
	}
	return "✗"
}

// Finding is something that happened in the run which a reader must know.
type Finding struct {
	At    time.Duration
	Kind  Kind
	Text  string // one sentence
	Logs  string // the target's last log lines, where they explain it
	Fatal bool   // the run could not go on: no judge passes it
}

// Kind sorts findings.
type Kind string

// The kinds of findings.
const (
	OOMKilled   Kind = "oom-killed"   // the kernel killed the target for want of memory: a witness says so
	Exited      Kind = "exited"       // the target ended by itself, or was killed
	Pinned      Kind = "pinned"       // the target sat at its memory limit, and suffered, without being killed
	KnownGrowth Kind = "known growth" // what became of growth that the scenario puts up with
	LoadFailed  Kind = "load-failed"  // the load could not go on
	Extended    Kind = "extended"     // the load went on for longer than planned, for want of evidence
	Warning     Kind = "warning"      // the run went on with less than was asked
)
