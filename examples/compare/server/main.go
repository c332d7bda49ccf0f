// Command server is a shop's catalogue, held in memory in one of three ways: plain, as
// it was; indexed, after a change that made it findable by name too and costs about 15 %
// more; compact, after one that stores what products share once and saves about 15 %.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof" // memgate reads the live heap here
	"os"
	"strings"
	"sync/atomic"
)

const (
	products  = 60_000
	suppliers = 50
	described = 400 // bytes that a product's description has
	terms     = 96  // bytes that a supplier's terms have
)

type product struct{ name, terms, description string }

// catalogue is all products, by number and, if it is indexed, by name.
type catalogue struct {
	all    []product
	byName map[string]int32
}

func plain() *catalogue { return filled(func(s string) string { return s }) }

func indexed() *catalogue {
	c := plain()
	c.byName = make(map[string]int32)
	for i, p := range c.all {
		c.byName[strings.ToUpper(p.name+" by the name of its supplier")] = int32(i)
	}
	return c
}

func compact() *catalogue {
	known := map[string]string{}
	return filled(func(s string) string {
		if _, ok := known[s]; !ok {
			known[s] = s
		}
		return known[s]
	})
}

// filled returns all products, with what stored makes of their suppliers' terms.
func filled(stored func(string) string) *catalogue {
	c := &catalogue{all: make([]product, products)}
	for i := range c.all {
		c.all[i] = product{
			name:        fmt.Sprintf("product %06d", i),
			terms:       stored(fmt.Sprintf("%0*d", terms, i%suppliers)),
			description: fmt.Sprintf("%0*d", described, i),
		}
	}
	return c
}

func main() {
	kind := flag.String("catalogue", "plain", "plain, indexed or compact")
	flag.Parse()
	build, ok := map[string]func() *catalogue{"plain": plain, "indexed": indexed, "compact": compact}[*kind]
	if !ok {
		log.Fatalf("there is no catalogue %q", *kind)
	}
	c := build()
	var seen atomic.Int64
	http.HandleFunc("/product", func(w http.ResponseWriter, _ *http.Request) {
		p := c.all[seen.Add(1)*7919%products]
		page := strings.Repeat(p.description, 40) // gone with the request
		fmt.Fprintf(w, "%s %s %s\n", p.name, p.terms, page[:described])
	})
	http.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	log.Fatal(http.ListenAndServe(":"+cmp.Or(os.Getenv("PORT"), "8080"), nil))
}
