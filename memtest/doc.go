// Package memtest answers two questions in a go test: does my service leak, and
// how big a container does it need?
//
// A test describes a [Scenario] (a target and a load), runs it with [Run], and
// judges the record that comes back:
//
//	func TestCheckoutDoesNotLeak(t *testing.T) {
//		run := memtest.Run(t, memtest.Scenario{
//			Target: memtest.Image{Go: "./cmd/shop", Port: 8080, MemoryLimit: "128MiB"},
//			Load:   load.Plan{Requests: load.Get("/checkout"), Rate: 200, Duration: time.Minute},
//		})
//		memtest.NoLeak(t, run)
//		memtest.Within(t, run, memtest.Budget{Peak: "64MiB"})
//	}
//
// [Run] starts the target in a container, waits until it is ready, warms it up,
// loads it at a constant rate while its memory is sampled and its live heap is
// read after forced collections, lets it cool down, reads the last live heap, and
// removes it. [NoLeak] and [Within] need nothing but the record, and add to it what they
// found; a report in HTML and JSON is written when the test ends, whether it passed or failed.
//
// [Measure] is the same without a testing.T. [Pair], [Matrix] and [Trials] repeat a
// scenario for [NotWorse]. [NoDrift] holds trials to a committed [Baseline], and
// [SelfTest] tells whether the gates can be trusted.
//
// What else there is:
//   - load describes the traffic;
//   - memtest/target is for those who write a target or a language runtime of their own,
//     memtest/runtimes gives them Go's;
//   - report is the record that all judges read, report/page its forms, report/compare
//     comparisons;
//   - profile/leak is the verdict by itself.
//
// This package is not a load generator for public hosts, and not a profiler of a program
// from within.
//
// # Variables
//
// The library registers no flags. It reads these environment variables:
//   - MEMTEST_DIR: where reports go; default: the test's artifact folder under go test
//     -artifacts, else a folder of this user's below the system's temporary one, which lasts
//   - MEMTEST_FORMS: more files for each run, with commas: markdown, bench, openmetrics, csv, all
//   - MEMTEST_REQUIRE_DOCKER=1: [SkipWithoutDocker] and [Image.Or] fail without an engine
//   - MEMTEST_UPDATE=1: [NoDrift] records a [Baseline] and fails the test that did; an
//     -update flag that the test binary has does the same
//   - MEMTEST_REQUIRE_BASELINE=1: [NoDrift] fails if there is none for this class of host
//   - MEMTEST_SEED: repeats the order of a [Pair] or [Matrix]
//   - CI: if it is set, no baseline is lowered
//   - GITHUB_STEP_SUMMARY and GITHUB_ACTIONS: the run is added to the step's summary, and
//     each failure is shown at the test's line
//
// # Clean-up
//
// The container, its image and every temporary folder are gone when Run returns,
// also after a failure or a panic in the test, after SIGINT and SIGTERM, and when
// the deadline of go test -timeout comes near. What a SIGKILL or a panic in another
// goroutine leaves behind is labelled with its owner, and the next run removes it
// once the owner is provably dead.
package memtest
