// Command otel-agent measures requests with otelhttp 0.43, which makes an attribute of
// whatever the client sends as its user agent and method. CVE-2023-45142, mended in 0.44.
package main

import (
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/sdk/metric"
)

func hello(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") }

func main() {
	meters := metric.NewMeterProvider(metric.WithReader(metric.NewManualReader()))
	http.Handle("/hello", otelhttp.NewHandler(http.HandlerFunc(hello), "hello", otelhttp.WithMeterProvider(meters)))
	log.Fatal(http.ListenAndServe(":8080", nil))
}
