// Package holders says who holds memory that grew: the global variable, the field, the
// closure or the goroutines from which a Go program's leak is reachable. Nothing is
// changed in the program, which may be stripped.
//
// The program's heap is read from outside, while it stands still for some milliseconds,
// once before the load and once after it. Each time it is searched from its roots and
// folded into paths of fields and types (package graph); of two such tables, package
// retain finds the holder.
//
// Nothing is guessed. Where the version of Go is not known, goroutine 1 is not found,
// the span table is not sane, or what is reachable does not agree with the runtime's own
// figure, Snapshot fails and says why.
//
//	gobin   what the executable says: types, variables, functions, the runtime's layout
//	freeze  stops a process, and makes sure that it goes on
//	heap    reads its memory
//	graph   searches it, and folds it into paths
//	reader  a program that does so beside a target, where this process may not
//
// A heap holds keys, cookies and bodies. Spans without pointers are never read, what is
// read is overwritten, and only names, types, counts and sizes leave this package.
package holders
