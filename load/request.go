package load

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// maxWeight bounds a Request's Weight.
const maxWeight = 1_000_000

// Request is one kind of HTTP request a Plan sends.
type Request struct {
	Method string      // GET if empty; CONNECT is refused
	Path   string      // from the target's base, with its query: "/orders?limit=10"
	Header http.Header // besides what Go's client sends; Host sets the request's host, not the address
	Body   []byte      // not to be changed while the load runs
	Weight int         // its share beside the others': 3 is sent three times as often as 1; 0 means 1, at most 1,000,000

	_ struct{}
}

// Get returns one GET request for each path, of equal weight.
func Get(paths ...string) []Request {
	requests := make([]Request, len(paths))
	for i, path := range paths {
		requests[i] = Request{Path: path}
	}
	return requests
}

// Post returns a POST request of body, as a list to be appended to others.
func Post(path, contentType string, body []byte) []Request {
	return []Request{{
		Method: http.MethodPost,
		Path:   path,
		Header: http.Header{"Content-Type": {contentType}},
		Body:   body,
	}}
}

func (r Request) method() string {
	if r.Method == "" {
		return http.MethodGet
	}
	return r.Method
}

func (r Request) weight() int {
	if r.Weight == 0 {
		return 1
	}
	return r.Weight
}

// validate says what is wrong with the request.
func (r Request) validate() error {
	if !isToken(r.method()) || r.method() == http.MethodConnect {
		return fmt.Errorf("method %q cannot be sent: set Method to one such as GET or POST", r.Method)
	}
	if r.Weight < 0 || r.Weight > maxWeight {
		return fmt.Errorf("weight %d: set Weight to 0 (which means 1) up to %d", r.Weight, maxWeight)
	}
	if err := validatePath(r.Path); err != nil {
		return err
	}
	return validateHeader(r.Header)
}

func validatePath(path string) error {
	switch {
	case strings.Contains(path, "://") && !strings.HasPrefix(path, "/"):
		return fmt.Errorf("path %q is a whole URL, and a load never leaves its target: give the part from the first / after the host", path)
	case !strings.HasPrefix(path, "/"):
		return fmt.Errorf(`path %q: start it with "/"`, path)
	case strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return fmt.Errorf("path %q has a space or control character: escape it, a space as %%20", path)
	}
	if _, err := url.Parse("http://target" + path); err != nil {
		return fmt.Errorf("path %q: %w: write a percent sign as %%25", path, errors.Unwrap(err))
	}
	return nil
}

func validateHeader(h http.Header) error {
	for name, values := range h {
		if !isToken(name) {
			return fmt.Errorf("header %q: use letters, digits and - in its name", name)
		}
		for _, v := range values {
			if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
				return fmt.Errorf("header %s has a line break or control character in its value: take it out", name)
			}
		}
	}
	return nil
}

// isToken tells whether s is a token as HTTP has it (RFC 9110, 5.6.2).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		alnum := r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		return !alnum && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}
