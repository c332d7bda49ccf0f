// Package index keeps the page that links the runs of a folder, also where several
// processes write there at once.
package index
