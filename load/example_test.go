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

func ExampleFunc() {
	plan := load.Plan{Requests: load.Get("/cart"), Rate: 50, Duration: time.Minute}
	schedule, err := plan.Schedule()
	if err != nil {
		fmt.Println(err)
	}
	loggedIn := load.Func(schedule, func(ctx context.Context, base string, m *load.Meter) error {
		fmt.Println("log in at", base)
		return plan.Drive(ctx, base, m)
	})
	s, err := loggedIn.Schedule()
	fmt.Println(s.Rate, s.Duration, err)
	// Output: 50 1m0s <nil>
}
