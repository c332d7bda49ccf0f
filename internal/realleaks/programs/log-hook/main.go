// Command log-hook has left logrus' test hook in production: it keeps every entry.
// https://pkg.go.dev/github.com/sirupsen/logrus/hooks/test#Hook, "a hook designed for
// dealing with logs in test scenarios".
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	_ "net/http/pprof"

	"github.com/sirupsen/logrus"
	"github.com/sirupsen/logrus/hooks/test"
)

func order(w http.ResponseWriter, r *http.Request) {
	logrus.WithField("customer", r.URL.Query().Get("customer")).Info("ordered")
	fmt.Fprintln(w, "ordered")
}

func main() {
	logrus.SetOutput(io.Discard)
	test.NewGlobal()
	http.HandleFunc("/order", order)
	log.Fatal(http.ListenAndServe(":8080", nil))
}
