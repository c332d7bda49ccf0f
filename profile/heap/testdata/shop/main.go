// Command shop is a server that retains memory in known ways, for the tests of growth.
// It serves on a port of its own choice, on loopback, and prints its address.
package main

import (
	"container/list"
	"fmt"
	"log"
	"net"
	"net/http"
	_ "net/http/pprof"
	"strings"
	"sync"
)

var mu sync.Mutex

// orders is the leak of /mix: every order is kept.
type orders struct{ kept [][]byte }

//go:noinline
func (o *orders) keep(note []byte) { o.kept = append(o.kept, append([]byte(nil), note...)) }

// lru is the cache of /mix, which is full after a while.
type lru struct {
	most  int
	order *list.List
	at    map[int]*list.Element
}

//go:noinline
func (c *lru) add(key int) {
	c.at[key] = c.order.PushFront(make([]byte, 16<<10))
	if c.order.Len() > c.most {
		c.order.Remove(c.order.Back())
		delete(c.at, key-c.most)
	}
}

// registry keeps values by request, as github.com/gorilla/context does, and nobody
// clears it.
type registry struct {
	values map[*http.Request]map[string]string
}

//go:noinline
func (g *registry) Set(r *http.Request, key, value string) {
	if g.values[r] == nil {
		g.values[r] = map[string]string{}
	}
	g.values[r][key] = value
}

//go:noinline
func render(n int) string { return strings.Repeat("x", n) }

//go:noinline
func wait(done chan bool) { <-done }

// watch starts a goroutine that waits for what never comes.
//
//go:noinline
func watch() { go wait(make(chan bool)) }

func main() {
	var leak orders
	cache := lru{most: 500, order: list.New(), at: map[int]*list.Element{}}
	users := registry{values: map[*http.Request]map[string]string{}}
	n := 0
	note := []byte(strings.Repeat("n", 8<<10))
	http.HandleFunc("/mix", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		n++
		leak.keep(note)
		cache.add(n)
		fmt.Fprintln(w, len(render(32<<10)))
	})
	http.HandleFunc("/register", func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		users.Set(r, "user", r.URL.Path)
	})
	http.HandleFunc("/watch", func(http.ResponseWriter, *http.Request) { watch() })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(l.Addr())
	log.Fatal(http.Serve(l, nil))
}
