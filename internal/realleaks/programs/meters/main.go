// Command meters measures each connection of a broker with a go-metrics meter of its own
// and does not stop it: the arbiter keeps it for ever.
// https://github.com/rcrowley/go-metrics/issues/201, https://github.com/IBM/sarama/issues/897.
package main

import (
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof"

	"github.com/rcrowley/go-metrics"
)

// broker is a connection to a broker, with its metrics.
type broker struct {
	registry metrics.Registry
	incoming metrics.Meter
}

func open(name string) *broker {
	b := &broker{registry: metrics.NewRegistry()}
	b.incoming = metrics.GetOrRegisterMeter("incoming-byte-rate-for-broker-"+name, b.registry)
	return b
}

func send(w http.ResponseWriter, r *http.Request) {
	b := open(r.URL.Query().Get("broker"))
	b.incoming.Mark(1)
	fmt.Fprintln(w, "sent", b.incoming.Count())
}

func main() {
	http.HandleFunc("/send", send)
	log.Fatal(http.ListenAndServe(":8080", nil))
}
