// Package heap reads heap and goroutine profiles and finds what grew between them.
//
// [Growth] takes a series of profiles and lists call sites, most bytes first, with
// intervals; [Suspects] names the likeliest ones where nothing can be told from chance;
// [GrowingGoroutines] does the same for stacks of goroutines; [Icicle] pictures what the
// heap is made of. [Pprof] and [HeapURL] fetch profiles from a running target.
//
// Profiles come from programs that nobody vouches for: what reading one may allocate is
// bounded before it is parsed. Whether growth is a leak is the business of package leak.
package heap
