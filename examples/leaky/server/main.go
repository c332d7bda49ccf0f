// Command server is a shop that leaks: its audit log keeps every order it has seen.
package main

import (
	"cmp"
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof" // memgate reads the live heap and the call sites here
	"os"
	"strings"
	"sync"
)

// order is what one checkout leaves in the audit log.
type order struct {
	id   int
	note []byte
}

// auditLog remembers orders. Nothing ever forgets them: that is the leak.
type auditLog struct {
	mu     sync.Mutex
	orders []*order
}

// record keeps an order, with a note of 4 KiB.
func (l *auditLog) record(customer string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := &order{id: len(l.orders) + 1, note: []byte(strings.Repeat(customer, 4096))}
	l.orders = append(l.orders, o)
	return o.id
}

func main() {
	var audit auditLog
	http.HandleFunc("/checkout", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "order %d\n", audit.record("x"))
	})
	http.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	log.Fatal(http.ListenAndServe(":"+cmp.Or(os.Getenv("PORT"), "8080"), nil))
}
