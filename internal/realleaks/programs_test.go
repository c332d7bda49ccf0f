package realleaks

import (
	"fmt"
	"net/http"

	"github.com/memgate/memgate/load"
)

// program is a server of the folder programs, and what is publicly known of it.
type program struct {
	name   string
	rate   float64                     // requests per second
	each   func(i uint64) load.Request // the i-th since the start
	guilty []string                    // the functions that may be named: the library's that retains, or the program's that calls it; none: it does not leak
	holder string                      // what the first line of who holds it must name
}

func query(path string) func(i uint64) load.Request {
	return func(i uint64) load.Request { return load.Request{Path: fmt.Sprintf("%s%d", path, i)} }
}

func header(path, name, value string) func(i uint64) load.Request {
	return func(i uint64) load.Request {
		return load.Request{Path: path, Header: http.Header{name: {fmt.Sprintf(value, i)}}}
	}
}

func method(path string) func(i uint64) load.Request {
	return func(i uint64) load.Request { return load.Request{Method: fmt.Sprintf("GET%d", i), Path: path} }
}

// programs are all servers: those with a leak that is publicly known first.
var programs = []program{
	{"sessions", 200, query("/cart/"), []string{"github.com/gorilla/context.Set", "github.com/gorilla/sessions.GetRegistry", "main.cart"}, "github.com/gorilla/context.data"},
	{"prom-method", 400, method("/hello"), []string{"github.com/prometheus/client_golang/prometheus.(*metricMap).getOrCreateMetricWithLabels", "github.com/prometheus/client_golang/prometheus/promhttp.InstrumentHandlerCounter.func*"}, "prometheus.metricMap.metrics"},
	{"prom-label", 200, query("/order?customer="), []string{"main.order"}, "prometheus.metricMap.metrics"},
	{"otel-agent", 200, header("/hello", "User-Agent", "agent/%d"), []string{"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp.*", "go.opentelemetry.io/otel/sdk/metric/internal/aggregate.*"}, "go.opentelemetry.io/otel/sdk/metric"},
	{"meters", 600, query("/send?broker="), []string{"main.open"}, "github.com/rcrowley/go-metrics.arbiter"},
	{"mock-tracer", 400, query("/pay?order="), []string{"main.pay", "github.com/opentracing/opentracing-go/mocktracer.*"}, "mocktracer.MockTracer.finishedSpans"},
	{"log-hook", 400, query("/order?customer="), []string{"main.order", "github.com/sirupsen/logrus/hooks/test.(*Hook).Fire"}, "hooks/test.Hook.Entries"},
	{"log-writer", 100, query("/fetch?"), []string{"main.fetch", "github.com/sirupsen/logrus.(*Entry).writerScanner", "github.com/sirupsen/logrus.(*Entry).WriterLevel"}, "github.com/sirupsen/logrus.(*Entry).writerScanner"},
	{"go-cache", 200, query("/search?q="), []string{"main.search", "main.render", "github.com/patrickmn/go-cache.*"}, "go-cache.cache.items"},
	{"rate-limit", 1000, header("/hello", "X-Forwarded-For", "client-%d.example.com"), []string{"main.(*visitors).limiter"}, "main.visitors.limiters"},
	{"errgroup", 300, query("/report?order="), []string{"main.(*app).report"}, "main.app.ctx"},
	{"expirable", 200, query("/lookup?tenant="), []string{"main.lookup", "github.com/hashicorp/golang-lru/v2/expirable.NewLRU[*"}, "expirable.NewLRU["},
	{"resty-body", 50, query("/status?"), []string{"main.status", "net/http.(*Transport).dialConn"}, "net/http.(*persistConn)."},
	{"pubsub", 200, query("/poll?"), []string{"main.main.poll.func1", "github.com/cskr/pubsub.(*PubSub).Sub", "github.com/cskr/pubsub.(*PubSub).sub"}, "github.com/cskr/pubsub.(*PubSub).start"},

	{"sessions-cleared", 200, query("/cart/"), nil, ""},
	{"go-cache-expiring", 200, query("/search?q="), nil, ""},
	{"lru", 500, query("/search?q="), nil, ""},
	{"ristretto", 500, query("/search?q="), nil, ""},
}
