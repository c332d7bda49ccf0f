package load

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"time"
)

// dialer makes a load's connections, all to one address whatever the client asks for.
type dialer struct {
	address string // host:port
	timeout time.Duration
	connect func(ctx context.Context, network, addr string) (net.Conn, error)
}

// address returns the host and port that base names.
func address(base *url.URL) string {
	port := base.Port()
	switch {
	case port != "":
	case base.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return net.JoinHostPort(base.Hostname(), port)
}

func (d dialer) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	// http.Transport dials on when the request that asked has timed out: where
	// nothing answers, dials without end of their own would pile up.
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	return d.connect(ctx, network, d.address)
}

// pool keeps up to idle connections of d alive, each until it has not been used for
// rest. It uses no proxy, whatever the environment says, no HTTP/2, and no compression
// that it would undo itself.
//
// The connection used last is used next, so that those which a burst opened rest when
// it is over. If they stayed, every burst would leave the target with more connections
// than before, and what it holds for them would look like a leak.
func (d dialer) pool(idle int, rest time.Duration) *http.Transport {
	return &http.Transport{
		DialContext:            d.dial,
		MaxIdleConnsPerHost:    idle,
		IdleConnTimeout:        rest,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 1 << 20,
	}
}
