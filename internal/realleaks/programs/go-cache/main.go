// Command go-cache caches what clients ask for with NoExpiration and by a key of theirs:
// nothing is ever removed, go-cache has no bound.
// https://pkg.go.dev/github.com/patrickmn/go-cache#New, "if the expiration duration is
// less than one, the items in the cache never expire".
package main

import (
	"log"
	"net/http"
	_ "net/http/pprof"
	"strings"

	"github.com/patrickmn/go-cache"
)

var pages = cache.New(cache.NoExpiration, 0)

func render(query string) []byte { return []byte(strings.Repeat("<p>"+query+"</p>\n", 64)) }

func search(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query().Get("q")
	page, ok := pages.Get(query)
	if !ok {
		page = render(query)
		pages.Set(query, page, cache.DefaultExpiration)
	}
	w.Write(page.([]byte))
}

func main() {
	http.HandleFunc("/search", search)
	log.Fatal(http.ListenAndServe(":8080", nil))
}
