package leak_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
)

// A service answers 100 requests a second. Each leaves 1,000 bytes and one object on the heap.
func ExampleDetect() {
	var e leak.Evidence
	for s := range 120 {
		at, requests := time.Duration(s)*time.Second, uint64(s)*100
		e.LiveHeaps = append(e.LiveHeaps, profile.LiveHeap{
			At: at, Requests: requests, HeapAlloc: 8<<20 + 1000*requests, HeapObjects: 50_000 + requests, NumGC: uint64(s),
		})
	}
	trend := leak.Detect(e)
	fmt.Println(trend.Verdict)
	fmt.Printf("%s: %.0f bytes per request\n", trend.Signal, trend.PerRequest.Value)
	// Output:
	// leaking
	// live heap: 1000 bytes per request
}

func ExampleReadTrace() {
	e, err := leak.ReadTrace(strings.NewReader("t_ms,reqs,usage\n0,0,20971520\n100,20,20975616\n"))
	if err != nil {
		fmt.Println(err)
	}
	trend := leak.Detect(e)
	fmt.Printf("%v: %s\n", trend.Verdict, trend.Reason)
	// Output:
	// inconclusive: too few samples: 2 of 12
}
