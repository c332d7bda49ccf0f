// Package report holds the record of a run: what was measured, what judges said of it,
// and what happened besides, as values.
//
// [Record] is written as JSON and read back by [Read], years later too. Its other forms
// for machines are methods: Bench (benchstat), CSV, OpenMetrics. [Record.Evidence] is
// what package leak judges.
//
// Forms for people are elsewhere: package page writes a record as HTML, Markdown and
// text; package compare puts runs beside each other.
package report
