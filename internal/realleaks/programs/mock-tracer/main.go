// Command mock-tracer runs with the tracer of tests, which keeps every finished span until
// somebody calls Reset. As in https://github.com/DataDog/dd-trace-go/issues/567.
package main

import (
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/mocktracer"
)

func pay(w http.ResponseWriter, r *http.Request) {
	span, _ := opentracing.StartSpanFromContext(r.Context(), "pay")
	defer span.Finish()
	span.SetTag("order", r.URL.Query().Get("order"))
	fmt.Fprintln(w, "paid")
}

func main() {
	opentracing.SetGlobalTracer(mocktracer.New())
	http.HandleFunc("/pay", pay)
	log.Fatal(http.ListenAndServe(":8080", nil))
}
