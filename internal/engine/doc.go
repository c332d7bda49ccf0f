// Package engine makes a run: it starts the target, drives the load, samples memory,
// probes the live heap, and concludes the record.
//
// A run is made of small parts, each in a file of its own. The sampler reads memory, the
// prober asks the runtime for live heaps and profiles, the walker for what is reachable,
// the flight recorder looks closer near the memory limit, the watcher waits for the target
// to end. All of them report to the journal, which alone writes the record while the run
// lasts. What follows from the whole record is concluded when it is over.
//
// The engine knows no test and judges nothing but the trend: package memtest describes a
// run and judges its record.
package engine
