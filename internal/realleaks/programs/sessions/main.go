// Command sessions keeps a visitor's cart in a session of gorilla/sessions 1.1, and does
// not wrap its handlers with context.ClearHandler: every request stays in gorilla/context's
// registry. https://github.com/gorilla/sessions/issues/55, and #122 with mux 1.6, which
// does not clear it any more.
package main

import (
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof"

	"github.com/gorilla/mux"
	"github.com/gorilla/sessions"
)

var store = sessions.NewCookieStore([]byte("a key that is 32 bytes in length"))

func cart(w http.ResponseWriter, r *http.Request) {
	session, err := store.Get(r, "cart")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	session.Values["item"] = mux.Vars(r)["item"]
	fmt.Fprintln(w, "in the cart:", session.Values["item"])
}

func main() {
	r := mux.NewRouter()
	r.HandleFunc("/cart/{item}", cart)
	http.Handle("/cart/", r)
	log.Fatal(http.ListenAndServe(":8080", nil))
}
