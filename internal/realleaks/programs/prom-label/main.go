// Command prom-label has the customer's number in a label, which Prometheus' own advice
// warns of: https://prometheus.io/docs/practices/naming/#labels, "do not use labels to
// store dimensions with high cardinality (many different label values), such as user IDs".
package main

import (
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof"

	"github.com/prometheus/client_golang/prometheus"
)

var latency = prometheus.NewHistogramVec(prometheus.HistogramOpts{
	Name: "shop_order_seconds", Help: "Time of an order by customer.",
}, []string{"customer"})

func order(w http.ResponseWriter, r *http.Request) {
	customer := r.URL.Query().Get("customer")
	timer := prometheus.NewTimer(latency.WithLabelValues(customer))
	defer timer.ObserveDuration()
	fmt.Fprintln(w, "ordered by", customer)
}

func main() {
	prometheus.MustRegister(latency)
	http.HandleFunc("/order", order)
	log.Fatal(http.ListenAndServe(":8080", nil))
}
