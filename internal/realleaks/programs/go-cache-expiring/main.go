// Command go-cache-expiring is go-cache with an expiry of two seconds. It fills for as
// long, and does not leak.
package main

import (
	"log"
	"net/http"
	_ "net/http/pprof"
	"strings"
	"time"

	"github.com/patrickmn/go-cache"
)

var pages = cache.New(2*time.Second, 500*time.Millisecond)

func search(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query().Get("q")
	page, ok := pages.Get(query)
	if !ok {
		page = []byte(strings.Repeat("<p>"+query+"</p>\n", 64))
		pages.SetDefault(query, page)
	}
	w.Write(page.([]byte))
}

func main() {
	http.HandleFunc("/search", search)
	log.Fatal(http.ListenAndServe(":8080", nil))
}
