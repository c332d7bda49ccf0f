// Command ristretto caches pages up to 4 MiB of them, with ristretto's counters and
// buffers. It does not leak.
package main

import (
	"log"
	"net/http"
	_ "net/http/pprof"
	"strings"

	"github.com/dgraph-io/ristretto"
)

func main() {
	pages, err := ristretto.NewCache(&ristretto.Config{NumCounters: 1e5, MaxCost: 4 << 20, BufferItems: 64})
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/search", func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query().Get("q")
		page, ok := pages.Get(query)
		if !ok {
			page = []byte(strings.Repeat("<p>"+query+"</p>\n", 64))
			pages.Set(query, page, int64(len(page.([]byte))))
		}
		w.Write(page.([]byte))
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
