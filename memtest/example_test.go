package memtest_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// Saved records can be judged without a test and without Docker.
func ExampleCheckLeak() {
	r := &report.Record{Name: "shop", Trend: leak.Trend{Verdict: leak.Steady, Signal: leak.LiveHeap, Bound: 42}}
	fmt.Println(memtest.CheckLeak(r))
	// Output: <nil>
}

func ExampleBudget_Check() {
	r := &report.Record{
		Name:   "shop",
		Source: report.Source{Kind: "cgroup v2 files", Achieved: 10},
		Phases: []report.Phase{{Name: report.Load, To: time.Minute}},
		Samples: profile.Series{
			{At: time.Second, Memory: profile.Memory{WorkingSet: 40 << 20, Usage: 41 << 20}},
			{At: 59 * time.Second, Memory: profile.Memory{WorkingSet: 52 << 20, Usage: 53 << 20}},
		},
	}
	checks, err := memtest.Budget{Peak: "48MiB"}.Check(r)
	fmt.Println(checks[0].Metric.Name(), checks[0].Outcome == report.Failed)
	fmt.Println(err)
	// Output:
	// peak working set true
	// memory budget exceeded for "shop"
	//     ✗ peak working set     ≤ 48.0 MiB   got 52.0 MiB (+4.0, 108%) at 00:59
	//     source cgroup v2 files, 10 Hz, 2 samples
}

func ExampleTolerance_Check() {
	before := []*report.Record{{Name: "shop"}}
	after := []*report.Record{{Name: "shop"}}
	_, err := memtest.Tolerance{Relative: 0.05}.Check(before, after)
	fmt.Println(errors.Is(err, memtest.ErrCannotTell))
	// Output: true
}

func ExampleSizeOf() {
	fmt.Println(memtest.Image{Go: "./cmd/shop", MemoryLimit: memtest.SizeOf(3 << 20)}.MemoryLimit)
	// Output: 3145728
}
