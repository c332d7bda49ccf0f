// Package store names and writes the files of a run: whole or not at all, and never
// outside their folder.
package store
