// Package profile holds what was measured of a target's memory, as values: samples over
// time, the live heap after collections, its processes, what was reachable in its heap.
//
// [Memory] is one look by the kernel's account, a [Sampler] takes it, and a [Series] is
// many of them with the requests that had been served by then. [LiveHeap] is what a
// runtime says of its heap right after a collection.
//
// Nothing here judges, fetches or starts anything. Package leak judges such values;
// package heap reads heap profiles and finds what grew between them.
package profile
