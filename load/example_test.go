package load_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/memgate/memgate/load"
)

func ExamplePlan() {
	target := httptest.NewServer(http.NotFoundHandler())
	defer target.Close()

	plan := load.Plan{Requests: load.Get("/cart", "/checkout"), Rate: 50, Duration: 200 * time.Millisecond}
	var meter load.Meter
	if err := plan.Drive(context.Background(), target.URL, &meter); err != nil {
		fmt.Println(err)
	}
	s := meter.Summary()
	fmt.Println(s.Requests, "requests", s.Codes, s.Errors)
	// Output: 10 requests map[404:10] [{404 Not Found 10}]
}

func ExampleGet() {
	requests := append(load.Get("/", "/cart"), load.Post("/orders", "application/json", []byte(`{"item":7}`))...)
	requests[0].Weight = 8 // eight of ten
	for _, r := range requests {
		fmt.Printf("%s %s %d\n", r.Method, r.Path, r.Weight)
	}
	// Output:
	//  / 8
	//  /cart 0
	// POST /orders 0
}
