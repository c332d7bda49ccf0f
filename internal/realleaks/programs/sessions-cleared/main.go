// Command sessions-cleared is sessions as its documentation wants it: with
// context.ClearHandler around all handlers, and without mux, whose copy of the request
// that would not reach. It does not leak.
package main

import (
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof"

	"github.com/gorilla/context"
	"github.com/gorilla/sessions"
)

var store = sessions.NewCookieStore([]byte("a key that is 32 bytes in length"))

func cart(w http.ResponseWriter, r *http.Request) {
	session, err := store.Get(r, "cart")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	session.Values["item"] = r.URL.Path
	fmt.Fprintln(w, "in the cart:", session.Values["item"])
}

func main() {
	http.HandleFunc("/cart/", cart)
	log.Fatal(http.ListenAndServe(":8080", context.ClearHandler(http.DefaultServeMux)))
}
