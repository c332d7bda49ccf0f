package heap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Pprof reads the heap of a target that serves net/http/pprof.
//
// Nothing that the target answers is trusted: every fetch has a deadline and bounds
// on its size, redirects are not followed, and no connection is left open. Errors
// name the URL (never the credentials or the query in it), what was answered, and
// what to do.
type Pprof struct {
	// URL is where the target serves its profiles: "http://127.0.0.1:32768/debug/pprof".
	// A user and password in it are sent as basic authentication, a query is kept.
	URL string
	// Timeout bounds each fetch, the forced collection included. Default: 10 s.
	Timeout time.Duration
	// Client sends the requests. Default: a client that uses no proxy.
	Client *http.Client

	_ struct{}
}

const defaultFetchTimeout = 10 * time.Second

// Heap forces a garbage collection in the target and fetches its heap profile. The
// profile is as it was served, at most 16 MiB, and has been parsed once: it is whole,
// and Growth can read it.
func (p Pprof) Heap(ctx context.Context) ([]byte, error) {
	var raw []byte
	err := p.fetch(ctx, "heap", "gc=1", func(body io.Reader) (err error) {
		if raw, err = io.ReadAll(io.LimitReader(body, maxRaw+1)); err != nil {
			return err
		}
		_, err = parseHeap(raw)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("fetch heap profile: %w", err)
	}
	return raw, nil
}

// fetch gets the profile of that name in the form that query asks for and has read read it.
// The errors of read need not say where the answer came from.
func (p Pprof) fetch(parent context.Context, profile, query string, read func(io.Reader) error) error {
	timeout := p.Timeout
	if timeout <= 0 {
		timeout = defaultFetchTimeout
	}
	ctx, cancel := context.WithTimeout(parent, timeout)
	defer cancel()
	req, name, err := p.request(ctx, profile, query)
	if err != nil {
		return err
	}
	resp, err := p.client().Do(req)
	if err == nil {
		defer resp.Body.Close()
		err = p.read(resp, read)
	}
	switch {
	case err == nil:
		return nil
	case parent.Err() != nil:
		return fmt.Errorf("%s: %w", name, parent.Err())
	case ctx.Err() != nil:
		return fmt.Errorf("%s: no whole answer within %v: the target hangs, or is too busy to collect its heap in that time", name, timeout)
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = fmt.Errorf("%w: is the target up, and is this the port of its net/http/pprof?", wrapped.Err) // url.Error holds the URL with its query
	}
	return fmt.Errorf("%s: %w", name, err)
}

// request returns the request for a profile, and the name of its URL without secrets.
func (p Pprof) request(ctx context.Context, profile, query string) (req *http.Request, name string, err error) {
	u, err := url.Parse(p.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		// What url.Parse says can hold a part of a password.
		return nil, "", errors.New(`the URL of net/http/pprof is not valid: it is such as "http://127.0.0.1:6060/debug/pprof"`)
	}
	u = u.JoinPath(profile)
	name = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawQuery: query}).String()
	u.RawQuery = strings.TrimPrefix(u.RawQuery+"&"+query, "&")
	req, err = http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, "", fmt.Errorf("%s: the request cannot be made", name)
	}
	// A compressing handler in front of pprof would hide the sizes that are bounded.
	req.Header.Set("Accept-Encoding", "identity")
	req.Close = true
	return req, name, nil
}

func (p Pprof) client() *http.Client {
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10}}
	if p.Client != nil {
		c = *p.Client
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// read checks the answer's status and has read read its body.
func (p Pprof) read(resp *http.Response, read func(io.Reader) error) error {
	head := make([]byte, 256)
	n, err := io.ReadFull(resp.Body, head)
	if head = head[:n]; err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s, then %w", status(resp), err)
	}
	if resp.StatusCode != http.StatusOK {
		err := fmt.Errorf("%s, %s: %s", status(resp), excerpt(head), statusRemedy(resp))
		if resp.StatusCode == http.StatusNotFound {
			err = notServed{err}
		}
		return err
	}
	if bytes.HasPrefix(bytes.TrimSpace(head), []byte("<")) {
		return fmt.Errorf("%s, but an HTML page, %s: the URL must be the folder that net/http/pprof serves, "+
			"such as http://host:port/debug/pprof", status(resp), excerpt(head))
	}
	err = read(io.MultiReader(bytes.NewReader(head), resp.Body))
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("the answer was cut off on its way: %w", err)
	}
	if err != nil {
		return fmt.Errorf("%s, %s: %w", status(resp), excerpt(head), err)
	}
	return nil
}

// errNotServed is what an answer of 404 is.
var errNotServed = errors.New("the target does not serve it")

type notServed struct{ error }

func (notServed) Is(target error) bool { return target == errNotServed }

// status returns the answer's status, "404 Not Found", by its code alone: the text in the
// answer is the target's.
func status(resp *http.Response) string {
	return strings.TrimSpace(strconv.Itoa(resp.StatusCode) + " " + http.StatusText(resp.StatusCode))
}

func statusRemedy(resp *http.Response) string {
	switch code := resp.StatusCode; {
	case code == http.StatusNotFound:
		return `import _ "net/http/pprof" in the target and serve http.DefaultServeMux, or give the path that serves it`
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return "give credentials in the URL (http://user:password@host…), or let the target serve net/http/pprof without asking for them"
	case code >= 300 && code < 400:
		return "redirects are not followed: give the URL that serves net/http/pprof itself"
	case code >= 500:
		return "the target or a proxy before it failed: its log says why"
	}
	return "is this the path of the target's net/http/pprof?"
}

// excerpt returns the first bytes of an answer, quoted so that they can be printed.
func excerpt(b []byte) string {
	if len(b) == 0 {
		return "an empty body"
	}
	const most = 60
	if len(b) <= most {
		return strconv.QuoteToASCII(string(b))
	}
	return strconv.QuoteToASCII(string(b[:most])) + "…"
}
