package load

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"strings"
	"time"
)

const (
	defaultTimeout    = 10 * time.Second
	defaultMaxWorkers = 512
	// A worker costs three goroutines, and the race detector dies at 8,192.
	maxMaxWorkers = 2_048
	maxRate       = 100_000
)

// Plan is a Driver that sends HTTP requests at a constant rate for a duration,
// each at its time whether or not earlier ones have been answered. Request i is
// sent i/Rate after the start, so that Rate × Duration are sent.
//
// Requests go to the target's base alone: no proxy is used, and a redirect is not
// followed but is the answer. Answers are read whole and not kept.
//
// At most MaxWorkers requests are in flight. When the target is so slow that all
// workers wait, the load falls behind: requests that are more than 100 ms late
// (and have been overtaken by the next) are dropped, not sent in a burst later.
// Summary's Rate against Planned, and its timeline, show that; latencies do not,
// they start when a request is sent.
type Plan struct {
	Requests []Request              // what is sent, by weight, in the same order at each run
	Each     func(i uint64) Request // instead of Requests: makes the i-th request that its Meter counts, from 0 (through a whole run, its warm-up first), in order, one call at a time; Weight is ignored
	Rate     float64                // requests per second, up to 100,000; 0.5 is one every two seconds
	Duration time.Duration          // how long requests are sent; less if the context's deadline is earlier
	Timeout  time.Duration          // of one request until its answer is read whole; 10 s if zero
	// MaxWorkers bounds the requests in flight, and so the connections; 512 if
	// zero, at most 2,048.
	MaxWorkers int
	// Dial makes connections to the target; a net.Dialer's DialContext if nil. It
	// serves Unix sockets, and tests over connections in memory. It is given the
	// host and port of the target's base.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

var _ Driver = Plan{}

// rest returns how long a connection may go unused before it is closed: two seconds, and longer
// where requests are further apart than that.
func (p Plan) rest() time.Duration {
	return max(2*time.Second, time.Duration(2/p.Rate*float64(time.Second)))
}

// Schedule returns the plan's rate and duration. It says what is wrong with the plan; what
// Each makes is checked as it is made.
func (p Plan) Schedule() (Schedule, error) {
	return Schedule{Rate: p.Rate, Duration: p.Duration, Requests: p.Requests}, p.validate()
}

// validate says what is wrong with the plan.
func (p Plan) validate() error {
	if err := p.validateNumbers(); err != nil {
		return fmt.Errorf("load plan: %w", err)
	}
	switch {
	case len(p.Requests) == 0 && p.Each == nil:
		return errors.New(`load plan: nothing to send: set Requests, such as load.Get("/"), or Each`)
	case len(p.Requests) > 0 && p.Each != nil:
		return errors.New("load plan: both Requests and Each are set: choose one")
	}
	for i, r := range p.Requests {
		if err := r.validate(); err != nil {
			return fmt.Errorf("load plan: request %d of %d: %w", i+1, len(p.Requests), err)
		}
	}
	return nil
}

func (p Plan) validateNumbers() error {
	switch {
	case math.IsNaN(p.Rate) || p.Rate <= 0:
		return fmt.Errorf("rate %v/s: set Rate to requests per second, above 0", p.Rate)
	case p.Rate > maxRate:
		return fmt.Errorf("rate %v/s is more than one process can send: set Rate to at most %d", p.Rate, maxRate)
	case p.Duration <= 0:
		return fmt.Errorf("duration %v: set Duration, such as time.Minute", p.Duration)
	case p.Timeout < 0:
		return fmt.Errorf("timeout %v: set Timeout above 0, or leave it out for %v", p.Timeout, defaultTimeout)
	case p.MaxWorkers < 0 || p.MaxWorkers > maxMaxWorkers:
		return fmt.Errorf("%d workers: set MaxWorkers to 1 up to %d, or leave it out for %d",
			p.MaxWorkers, maxMaxWorkers, defaultMaxWorkers)
	}
	return nil
}

// parseBase returns the URL that all requests go to.
func parseBase(base string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(base, "/"))
	if err != nil {
		return nil, fmt.Errorf("load plan: target's base: %w: give an absolute URL, such as http://127.0.0.1:8080", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("load plan: target's base %q: give an absolute URL, such as http://127.0.0.1:8080", u.Redacted())
	}
	return u, nil
}

// withDefaults returns the plan with its defaults filled in.
func (p Plan) withDefaults() Plan {
	if p.Timeout == 0 {
		p.Timeout = defaultTimeout
	}
	if p.MaxWorkers == 0 {
		p.MaxWorkers = defaultMaxWorkers
	}
	if p.Dial == nil {
		p.Dial = new(net.Dialer).DialContext
	}
	return p
}
