package page_test

import (
	"fmt"
	"os"

	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
	"github.com/memgate/memgate/report/page"
)

func ExampleText() {
	r := &report.Record{
		Name:   "shop",
		Trend:  leak.Trend{Verdict: leak.Steady, Signal: leak.LiveHeap, Bound: 42},
		Checks: []report.Check{{Judge: report.NoLeak, Outcome: report.Passed, Rule: "no leak", Allowed: "no growth with requests", Got: "steady"}},
	}
	if err := page.Text(os.Stdout, r); err != nil {
		fmt.Println(err)
	}
	// Output:
	// memtest shop: PASSED, the live heap is steady: no growth above 42 B/request
	//   ✓ no leak  no growth with requests  got steady
}

func ExampleAttributes() {
	r := &report.Record{Name: "shop", Trend: leak.Trend{Verdict: leak.Steady, Signal: leak.LiveHeap, Bound: 42}}
	for _, a := range page.Attributes(r) {
		fmt.Println(a[0], a[1])
	}
	// Output:
	// memgate.verdict not judged
	// memgate.summary the live heap is steady: no growth above 42 B/request
}
