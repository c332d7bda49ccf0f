package load

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync"
)

// dialFunc is how connections are made, as net.Dialer.DialContext has it.
type dialFunc = func(ctx context.Context, network, addr string) (net.Conn, error)

// connections makes a load's connections, all to one address whatever the client
// asks for, and closes those that are left: http.Transport closes only idle ones.
type connections struct {
	address string // host:port
	connect dialFunc
	answers context.Context // done when nobody waits for an answer any more

	mu     sync.Mutex
	open   map[net.Conn]struct{}
	closed bool
}

// address is the host and port that base names.
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

// transport keeps so many of these connections alive. It uses no proxy, whatever
// the environment says, no HTTP/2, and no compression that it would undo itself.
func (c *connections) transport(idle int) *http.Transport {
	return &http.Transport{
		DialContext:            c.dial,
		MaxIdleConnsPerHost:    idle,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 1 << 20,
	}
}

func (c *connections) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	// http.Transport dials on when the request that asked has been cancelled.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.answers, cancel)()
	conn, err := c.connect(ctx, network, c.address)
	if err != nil {
		return nil, err
	}
	return c.keep(conn)
}

func (c *connections) keep(conn net.Conn) (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		conn.Close()
		return nil, errCut
	}
	if c.open == nil {
		c.open = map[net.Conn]struct{}{}
	}
	c.open[conn] = struct{}{}
	return &connection{Conn: conn, of: c}, nil
}

// close closes every connection that is open, and each that is yet to come.
func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for conn := range c.open {
		conn.Close()
	}
	clear(c.open)
}

// connection forgets itself when it is closed.
type connection struct {
	net.Conn
	of *connections
}

func (c *connection) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c.Conn)
	c.of.mu.Unlock()
	return c.Conn.Close()
}
