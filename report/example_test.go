package report_test

import (
	"bytes"
	"fmt"
	"time"

	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// steady is a short record by hand. memtest.Run makes real ones.
func steady() *report.Record {
	return &report.Record{
		Schema: report.Schema, Name: "shop", Started: time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC),
		Phases: []report.Phase{{Name: report.Load, To: time.Minute}},
		Samples: profile.Series{
			{At: time.Second, Memory: profile.Memory{WorkingSet: 40 << 20}},
			{At: 59 * time.Second, Memory: profile.Memory{WorkingSet: 42 << 20}},
		},
		Trend:  leak.Trend{Verdict: leak.Steady, Signal: leak.LiveHeap, Bound: 42},
		Checks: []report.Check{{Judge: report.NoLeak, Outcome: report.Passed, Rule: "no leak"}},
	}
}

func ExampleRead() {
	var file bytes.Buffer
	if err := steady().JSON(&file); err != nil {
		fmt.Println(err)
	}
	r, err := report.Read(&file)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(r.Name, r.Trend.Verdict, r.Trend.Bound)
	// Output: shop steady 42
}

func ExampleRecord_Outcome() {
	r := steady()
	fmt.Println(r.Outcome() == report.Passed)
	r.Checks = append(r.Checks, report.Check{Judge: report.Budget, Metric: report.PeakWorkingSet, Outcome: report.Failed})
	fmt.Println(r.Outcome() == report.Failed)
	// Output:
	// true
	// true
}

func ExampleRecord_Figures() {
	for _, f := range steady().Figures() {
		fmt.Printf("%s: %.0f\n", f.Metric.Name(), f.Value)
	}
	// Output:
	// peak working set: 44040192
	// average working set: 42991616
}
