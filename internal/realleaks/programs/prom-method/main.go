// Command prom-method counts requests with client_golang 1.11.0, which takes any method
// for a label: whoever sends new methods makes new time series. CVE-2022-21698, mended in
// 1.11.1.
package main

import (
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

var requests = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "shop_requests_total", Help: "Requests by method and status.",
}, []string{"method", "code"})

func hello(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") }

func main() {
	prometheus.MustRegister(requests)
	http.Handle("/hello", promhttp.InstrumentHandlerCounter(requests, http.HandlerFunc(hello)))
	log.Fatal(http.ListenAndServe(":8080", nil))
}
