// Package words writes numbers for people: sizes, counts, times, shares. It knows nothing
// of records.
package words
