// Command resty-body asks an upstream with SetDoNotParseResponse and does not close the
// raw body: each request leaves a connection with its two goroutines.
// https://github.com/go-resty/resty/issues/151.
package main

import (
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof"
	"strings"

	"github.com/go-resty/resty/v2"
)

var client = resty.New()

func status(w http.ResponseWriter, _ *http.Request) {
	res, err := client.R().SetDoNotParseResponse(true).Get("http://127.0.0.1:8080/upstream")
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	fmt.Fprintln(w, "upstream says", res.StatusCode())
}

func upstream(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, strings.Repeat("all is well\n", 1000))
}

func main() {
	http.HandleFunc("/status", status)
	http.HandleFunc("/upstream", upstream)
	log.Fatal(http.ListenAndServe(":8080", nil))
}
