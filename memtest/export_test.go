package memtest

import "github.com/memgate/memgate/report"

// Prove is what SelfTest says of gates, given the runs.
func Prove(run *report.Record, once, again []*report.Record, gates ...Gate) ([]report.Check, string) {
	return evidence{run: run, once: once, again: again}.prove(gates)
}
