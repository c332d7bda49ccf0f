// Command server is a healthy shop: it makes garbage with each request, and its cache
// of prices forgets the oldest when it is full.
package main

import (
	"cmp"
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof" // memgate reads the live heap here
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// cached is how many prices the cache holds at most.
const cached = 500

// prices is a cache that forgets: its i-th place holds the last product with that rest.
type prices struct {
	mu    sync.Mutex
	slots [cached]string
}

// of returns a product's price, kept for the next time.
func (p *prices) of(product int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	price := strings.Repeat(strconv.Itoa(product%10), 1000)
	p.slots[product%cached] = price
	return price
}

func main() {
	var (
		cache prices
		seen  atomic.Int64
	)
	http.HandleFunc("/price", func(w http.ResponseWriter, _ *http.Request) {
		churn := make([]byte, 16<<10) // gone with the request
		copy(churn, cache.of(int(seen.Add(1))))
		fmt.Fprintf(w, "%s\n", churn[:10])
	})
	http.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	log.Fatal(http.ListenAndServe(":"+cmp.Or(os.Getenv("PORT"), "8080"), nil))
}
