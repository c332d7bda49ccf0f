// Server is a target for tests: it allocates, dies or waits as it is asked.
package main

import (
	"bytes"
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof"
	"os"
	"strconv"
	"strings"
)

var kept [][]byte

func main() {
	http.HandleFunc("/leak", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.FormValue("mb"))
		for range n {
			kept = append(kept, bytes.Repeat([]byte{1}, 1<<20))
		}
		fmt.Fprintln(w, len(kept))
	})
	http.HandleFunc("/exit", func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.FormValue("code"))
		log.Printf("asked to exit with %d", code)
		os.Exit(code)
	})
	http.HandleFunc("/env", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, strings.Join(os.Environ(), "\n"), "\n", strings.Join(os.Args[1:], " "))
	})
	http.HandleFunc("/tmp", func(w http.ResponseWriter, r *http.Request) {
		if err := os.WriteFile("/tmp/probe", []byte("x"), 0o600); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "ok") })
	log.Print("listening on 8080 and 6060")
	go func() { log.Fatal(http.ListenAndServe(":6060", nil)) }()
	log.Fatal(http.ListenAndServe(":8080", nil))
}
