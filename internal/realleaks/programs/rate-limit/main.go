// Command rate-limit has a limiter of x/time/rate for each client in a map that is never
// cleaned up, as many a tutorial. https://github.com/didip/tollbooth/issues/30 is the same.
package main

import (
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof"
	"sync"

	"golang.org/x/time/rate"
)

// visitors is the limiter of each client.
type visitors struct {
	mu       sync.Mutex
	limiters map[string]*rate.Limiter
}

func (v *visitors) limiter(client string) *rate.Limiter {
	v.mu.Lock()
	defer v.mu.Unlock()
	l, ok := v.limiters[client]
	if !ok {
		l = rate.NewLimiter(1, 3)
		v.limiters[client] = l
	}
	return l
}

func limit(v *visitors, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !v.limiter(r.Header.Get("X-Forwarded-For")).Allow() {
			http.Error(w, "too many requests", http.StatusTooManyRequests)
			return
		}
		next(w, r)
	}
}

func main() {
	v := &visitors{limiters: map[string]*rate.Limiter{}}
	http.HandleFunc("/hello", limit(v, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") }))
	log.Fatal(http.ListenAndServe(":8080", nil))
}
