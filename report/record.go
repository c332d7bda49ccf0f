package report

import (
	"fmt"
	"time"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/profile/leak"
)

// Schema is the version of Record that this package writes.
const Schema = 2

// Record is everything one run measured, and what was found in it. A judge needs nothing
// else. It is written as JSON beside the report and can be judged again years later.
type Record struct {
	Schema    int       // version of this structure as it was read; JSON writes the constant Schema
	Name      string    // the scenario's name: the test's, by default
	Started   time.Time // wall clock at the start; every other time is since then
	Test      Test      // the test that made the run; zero if none did
	Trial     Trial     // which of several runs it is that are compared; zero if it is alone
	Env       Env
	Source    Source
	Phases    []Phase            // in order; the last ends when the run did
	Load      load.Summary       // the measured load, without warm-up
	Samples   profile.Series     // all phases
	LiveHeaps []profile.LiveHeap // all phases

	Processes []profile.Processes // all phases; none where the target's processes cannot be seen

	Alarms []Alarm // what was kept each time memory came near the limit, in order

	HeapProfiles []ProfileFile // heap profiles kept as files
	Sites        []heap.Site   // between the first and last heap profile of the measured load, most bytes first
	Retainers    []Retainer    // who keeps alive what grew since the warm-up, most bytes first

	// Reachable is what was reachable in the target's heap after the warm-up, before each
	// time that the load went on, and at the end; none where it was not read from outside.
	Reachable []profile.Reachable

	GoroutineProfiles []ProfileFile // goroutine profiles kept as files
	Trend             leak.Trend    // over the measured load
	Checks            []Check       // what judges said, in the order they were asked
	Notes             []Finding     // what happened besides

	Retained   []heap.Box             // what the live heap is made of, by call, in the last heap profile of the load beside the first
	Goroutines []heap.GoroutineGrowth // stacks whose goroutines grew in number, most per request first

	AllowInconclusive bool    // the scenario lets judges pass where the evidence does not decide
	Known             []Known // growth that the scenario puts up with, by call site
	AllowedGrowth     float64 // bytes per request that the scenario calls no leak; 0: the detector's own margins
	WorkingSetLeaks   bool    // the scenario takes growth of the working set alone for a leak

	RetainersWhyNot string // why nothing is named in Retainers, where something grew
	RetainersHow    string // how they were looked for

	// Report is the path of the HTML form, for messages that name it. It is where this
	// machine keeps the file and no part of what was measured: JSON leaves it out.
	Report string `json:"-"`
}

// Trial is the place of a run among those that are compared with it.
type Trial struct {
	Of    string // the variant: "before", "after"
	N     int    // this is the N-th run of that variant, from 1
	Place int    // this is the Place-th of all runs, from 1
	Total int    // runs of all variants
	Seed  uint64 // of the order in which they were run

	// Report is the path of the page that compares them, as Record.Report.
	Report string `json:"-"`
}

// Alone tells whether the run is compared with no other.
func (t Trial) Alone() bool { return t.Total == 0 }

// String returns "trial 3 of 10 (before)".
func (t Trial) String() string { return fmt.Sprintf("trial %d of %d (%s)", t.Place, t.Total, t.Of) }

// Names of phases, in their order.
const (
	Warmup   = "warm-up"
	Load     = "load"
	Cooldown = "cool-down"
	Final    = "final"
)

// Phase is a part of the run; its ends are since the run's start.
type Phase struct {
	Name     string
	From, To time.Duration

	// PeakUsage is the largest usage in the phase, in bytes, and PeakFrom says how that
	// is known. It is of all memory charged, page cache included: no kernel keeps the
	// peak of a working set. 0 where nothing was measured.
	PeakUsage uint64
	PeakFrom  PeakFrom
}

// PeakFrom is how the peak usage of a phase is known.
type PeakFrom string

// How a peak is known.
const (
	PeakReset   PeakFrom = "kernel, reset at the phase's start" // exact, however short it was
	PeakHighest PeakFrom = "kernel, highest since the start"    // exact: it rose above all before in this phase
	PeakSampled PeakFrom = "sampled"                            // the largest sample: what was shorter than their distance is not in it
)

// Exact tells whether the kernel kept the peak.
func (p PeakFrom) Exact() bool { return p == PeakReset || p == PeakHighest }

// Source is where the samples came from and how well that went.
type Source struct {
	Kind     string        // "cgroup v1 files", "cgroup v2 files", "exec in the container", "docker stats", "/proc"
	Why      string        // if it is not the best one: why not
	Every    time.Duration // planned distance of samples
	Achieved float64       // samples per second, all phases
	Longest  time.Duration // longest distance between two samples
	Jitter   time.Duration // 99th percentile of interval − Every
	Gaps     []Gap         // distances that are more than three planned ones
	Since    time.Duration // from the last good sample to the run's end
	CPU      float64       // share of one core that taking the samples cost
	Harness  Harness       // what the test's own process cost meanwhile
}

// Gap is a time without samples.
type Gap struct {
	From, To time.Duration
	Revived  bool // the target ended in it and was started again: what is before and after are two series
}

// Harness is what the process of the test used while it measured: load generator,
// sampler and all. It is not part of the target, but on the same machine.
type Harness struct {
	Memory uint64        // its largest resident memory so far, in bytes; 0 if not known
	CPU    time.Duration // processor time, user and system
}

// Env is where the run took place. It never holds the value of an environment variable,
// but for those that say when the target's runtime collects garbage.
type Env struct {
	Target    string   // what was run: an image reference, a Go package
	Image     string   // image ID
	Address   string   // the URL that was loaded
	Limit     uint64   // hard memory limit in bytes, as configured; 0 if none. Samples have the kernel's
	CPUs      float64  // CPU quota in cores; 0 if none
	EnvNames  []string // names of the environment variables given to the target
	Kernel    string
	Cgroup    string // "v1", "v2"
	Engine    string // "docker 28.2.2"
	CPU       string // model and number of cores of this machine
	THP       string // transparent huge pages: "always", "madvise", "never"
	Go        string // version of Go of the test
	OS        string // "linux/amd64"
	GitCommit string
	Runtime   profile.RuntimeInfo // the target's, and the words for it
}

// ProfileFile is a heap or goroutine profile of the target, kept as a file for go tool pprof.
type ProfileFile struct {
	At       time.Duration
	Requests uint64
	Phase    string
	Why      string // what it was taken for, if not by plan: "90% of the limit"
	Garbage  bool   // no collection was forced first: it may hold garbage
	File     string // file name beside the record; empty if it was not written
	Bytes    int64  // length of the file

	Raw []byte `json:"-"` // the profile itself, until it is written to File
}

// Test is the test that made a run, so that it can be run again.
type Test struct {
	Name    string // "TestOrders/warm"
	Package string // import path of its package
	File    string // its source file, relative to the root of the repository where that is known
	Line    int    // of the call of memtest.Run
}

// End returns when the last thing of the run was seen.
func (r *Record) End() time.Duration {
	var end time.Duration
	for _, p := range r.Phases {
		end = max(end, p.To)
	}
	if n := len(r.Samples); n > 0 {
		end = max(end, r.Samples[n-1].At)
	}
	if n := len(r.LiveHeaps); n > 0 {
		end = max(end, r.LiveHeaps[n-1].At)
	}
	return end
}

// Length returns how long the phase took.
func (p Phase) Length() time.Duration { return p.To - p.From }

// Start returns the record's start in UTC, so that the same record gives the same page
// everywhere.
func (r *Record) Start() string {
	if r.Started.IsZero() {
		return ""
	}
	return r.Started.UTC().Format("2006-01-02 15:04:05 UTC")
}
