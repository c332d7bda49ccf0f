// Package ready asks a target whether it is ready to be loaded.
package ready

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// proxyWait is how long a port proxy may take to find out that nobody listens behind it.
const proxyWait = 200 * time.Millisecond

// TCP connects. A port proxy such as docker-proxy accepts before it knows
// whether anybody listens behind it, and hangs up if not; so an accepted connection
// counts only if it stays, or if somebody speaks on it.
func TCP(ctx context.Context, addr string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(proxyWait)); err != nil {
		return err
	}
	var ne net.Error
	switch _, err := conn.Read(make([]byte, 1)); {
	case err == nil, errors.As(err, &ne) && ne.Timeout():
		return nil
	default:
		return fmt.Errorf("connection to %s is accepted and closed at once", addr)
	}
}

// HTTP asks for a 2xx or 3xx, with no proxy, no redirect and no connection kept.
func HTTP(ctx context.Context, url string) error {
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	cli := http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := cli.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	if res.StatusCode < 200 || res.StatusCode > 399 {
		return fmt.Errorf("GET %s: %s", url, res.Status)
	}
	return nil
}
