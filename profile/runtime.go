package profile

import "cmp"

// RuntimeInfo says which language runtime a target has, and how to speak of it: the
// remedies, reports and records take all that they say of a runtime from here. It is kept
// in the record, so that a record judged again gives the same words.
//
// The zero RuntimeInfo is that of a target which names none. Records from before there
// were other runtimes than Go's have none either: [RuntimeInfo.OrGo] is for both.
type RuntimeInfo struct {
	Name     string // "Go", "OpenJDK"; "" if none is named
	Version  string // "go1.26.8"; "" if it is not known
	Settings string // "GOGC=50 GOMEMLIMIT=200MiB": what decides when it collects, as far as that is no secret

	Heap       string // what its heap is called: "Go heap"
	Task       string // what runs in it, in the singular: "goroutine", "thread"
	Measure    string // what to do, so that its live heap is measured: "serve net/http/pprof"
	Profiles   string // a sentence: which targets have heap profiles
	SampleRate string // the setting that makes its heap profiles finer where it is smaller: "runtime.MemProfileRate"; "" if there is none

	// Amplifies is how many bytes memory grows by for each byte of live heap, where the
	// runtime does not tell its goal, or a smaller one than LeastGoal (bytes). 1 is a
	// runtime that holds what is live and no more.
	Amplifies float64
	LeastGoal uint64
}

// Go returns what is said of a Go program. Version and Settings are left to whoever knows
// them.
func Go() RuntimeInfo {
	return RuntimeInfo{
		Name: "Go", Heap: "Go heap", Task: "goroutine",
		Measure:    `serve net/http/pprof (import _ "net/http/pprof"), so that the heap is measured after collections`,
		Profiles:   "A target that serves net/http/pprof has them.",
		SampleRate: "runtime.MemProfileRate",
		Amplifies:  2,       // GOGC=100
		LeastGoal:  4 << 20, // of a heap with next to nothing in it
	}
}

// OrGo returns what is said of Go in place of a runtime that is not named, with Version and
// Settings kept; and of one that is named, with what it leaves out in general words.
func (i RuntimeInfo) OrGo() RuntimeInfo {
	if i.Name == "" {
		words := Go()
		words.Version, words.Settings = i.Version, i.Settings
		return words
	}
	i.Heap = cmp.Or(i.Heap, i.Name+" heap")
	i.Task = cmp.Or(i.Task, "task")
	i.Measure = cmp.Or(i.Measure, "measure a target whose runtime tells its live heap after collections")
	i.Profiles = cmp.Or(i.Profiles, "A target whose runtime hands out heap profiles has them.")
	i.Amplifies = cmp.Or(i.Amplifies, 1)
	return i
}
