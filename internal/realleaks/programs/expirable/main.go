// Command expirable makes an expirable LRU for each tenant's request and drops it: the
// goroutine that NewLRU starts cannot be stopped, and keeps the cache.
// https://github.com/hashicorp/golang-lru/issues/159.
package main

import (
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
)

func lookup(w http.ResponseWriter, r *http.Request) {
	seen := expirable.NewLRU[string, int](16, nil, time.Hour)
	seen.Add(r.URL.Query().Get("tenant"), 1)
	fmt.Fprintln(w, "seen", seen.Len())
}

func main() {
	http.HandleFunc("/lookup", lookup)
	log.Fatal(http.ListenAndServe(":8080", nil))
}
