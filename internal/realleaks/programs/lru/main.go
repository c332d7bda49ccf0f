// Command lru caches pages in golang-lru, which holds 2,000 of them at most. It fills, and
// does not leak.
package main

import (
	"log"
	"net/http"
	_ "net/http/pprof"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
)

func main() {
	pages, err := lru.New[string, []byte](2000)
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/search", func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query().Get("q")
		page, ok := pages.Get(query)
		if !ok {
			page = []byte(strings.Repeat("<p>"+query+"</p>\n", 64))
			pages.Add(query, page)
		}
		w.Write(page)
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
