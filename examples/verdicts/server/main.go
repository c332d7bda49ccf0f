//go:build linux

// Command server is many services in one: its first argument says how it treats
// memory, the second how many bytes a request is about where it keeps something.
package main

import (
	"cmp"
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof" // memgate reads the live heap here
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// service is one way to treat memory: what it does at its start and with each request.
type service struct {
	start   func()
	request func(i int) // one at a time
	flight  func()      // of many at once
}

var (
	keep   [][]byte
	byName = map[string][]byte{}
	forget [3000][]byte
	ballast,
	tables [][]byte
)

var services = map[string]service{
	// Healthy ones.
	"flat":     {request: func(int) { churn(32 << 10) }},
	"cache":    {request: func(i int) { forget[i%len(forget)] = make([]byte, 4<<10) }},
	"warm-up":  {request: func(i int) { warm(i); churn(16 << 10) }},
	"headroom": {start: func() { ballast = append(ballast, fill(64<<20)) }, request: func(int) { churn(4 << 10) }},
	// Leaking ones.
	"slice":     {request: func(int) { keep = append(keep, make([]byte, 1<<10)) }},
	"map":       {request: func(i int) { byName[fmt.Sprint("customer ", i)] = make([]byte, 1<<10) }},
	"goroutine": {request: func(int) { go func() { select {} }() }},
	"mmap":      {request: func(int) { mapped(4 << 10) }},
}

// churn is garbage: gone with the request.
func churn(size int) { _ = strings.Repeat("x", size) }

// fill returns memory that is really there: written to, not just reserved.
func fill(size int) []byte {
	b := make([]byte, size)
	for i := 0; i < size; i += 4096 {
		b[i] = 1
	}
	return b
}

// warm builds tables with the first 2,000 requests, ever fewer of them, and no more.
func warm(i int) {
	if i < 2000 && i%(1+i/200) == 0 {
		tables = append(tables, fill(16<<10))
	}
}

// mapped asks the kernel for memory that Go's runtime knows nothing of, and forgets it.
func mapped(size int) {
	b, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err == nil {
		b[0] = 1
	}
}

func main() {
	args := slices.Concat(os.Args[1:], []string{"", "0"})
	s, ok := services[args[0]]
	if !ok {
		log.Fatalf("no service is called %q", args[0])
	}
	weight, _ = strconv.Atoi(args[1])
	if s.start != nil {
		s.start()
	}
	var mu sync.Mutex
	var requests int
	http.HandleFunc("/", func(http.ResponseWriter, *http.Request) {
		if s.flight != nil {
			s.flight()
		}
		mu.Lock()
		defer mu.Unlock()
		s.request(requests)
		requests++
	})
	http.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	server := &http.Server{Addr: ":" + cmp.Or(os.Getenv("PORT"), "8080"), ConnState: watched}
	log.Fatal(server.ListenAndServe())
}
