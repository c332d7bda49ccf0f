// Package compare puts runs beside each other: [Runs] compares those before a change with
// those after it, [Rank] ranks any number of variants. Both have the forms HTML, Markdown
// and Text.
//
// It estimates changes and their intervals. Whether a change is too large is a judge's
// business: see memtest.NotWorse.
package compare
