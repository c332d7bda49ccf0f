// Command log-writer gives each proxied request an error log that writes to logrus, and
// never closes its pipe: each leaves a goroutine behind.
// https://github.com/sirupsen/logrus/issues/1463.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	_ "net/http/pprof"

	"github.com/sirupsen/logrus"
)

func fetch(w http.ResponseWriter, r *http.Request) {
	errors := log.New(logrus.WithField("path", r.URL.Path).Writer(), "proxy: ", 0)
	errors.Println("no upstream")
	fmt.Fprintln(w, "nothing to fetch")
}

func main() {
	logrus.SetOutput(io.Discard)
	http.HandleFunc("/fetch", fetch)
	log.Fatal(http.ListenAndServe(":8080", nil))
}
