package load

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// grace is how long answers are waited for once nothing more is sent.
const grace = 2 * time.Second

// errOver is what a worker is told that asks for a request after the end: one that
// Vegeta had ready while all workers were busy.
var errOver = errors.New("the load is over")

var _ vegeta.Pacer = (*pacer)(nil)

// Drive sends the plan's requests to base and adds each to m as it completes. It
// ends with the Duration or the context's deadline, whichever is first: then
// answers may still come until their Timeout, at most 2 s; what is in flight after
// that is broken off and counted as Cut, not as an error.
//
// Cancelling ctx breaks off what is in flight at once (it too is Cut), and Drive
// returns the context's error. An invalid plan or base, or an invalid request made
// by Each, is an error; failing requests are not, they are in the Meter. Drive
// leaves no goroutine and no connection.
func (p Plan) Drive(ctx context.Context, base string, m *Meter) error {
	if err := p.validate(); err != nil {
		return err
	}
	u, err := parseBase(base)
	if err != nil {
		return err
	}
	m.Begin(p.Rate)
	a := newAttack(ctx, p.withDefaults(), u, m)
	defer a.close()
	a.run(m)
	m.End(a.ended())
	if err := a.source.failure(); err != nil {
		return err
	}
	if err := ctx.Err(); !errors.Is(err, context.DeadlineExceeded) {
		return err // nil, or aborted
	}
	return nil
}

// attack is one Drive.
type attack struct {
	plan      Plan
	base      string
	source    *source
	sending   context.Context // done when nothing more is sent; has a deadline
	stop      context.CancelFunc
	answers   context.Context // done when requests in flight are broken off
	cut       context.CancelFunc
	pool      *http.Transport
	transport *transport
	attacker  *vegeta.Attacker
	unwatch   func() bool // forgets the caller's context
}

func newAttack(ctx context.Context, p Plan, base *url.URL, m *Meter) *attack {
	a := &attack{plan: p, base: base.String(), source: newSource(p, m)}
	a.sending, a.stop = context.WithTimeout(ctx, p.Duration)
	end, _ := a.sending.Deadline()
	a.answers, a.cut = context.WithDeadline(context.WithoutCancel(ctx), end.Add(grace))
	a.pool = dialer{address: address(base), timeout: p.Timeout, connect: p.Dial}.pool(p.MaxWorkers, p.rest())
	a.transport = &transport{base: a.pool, answers: a.answers, timeout: p.Timeout}
	a.attacker = vegeta.NewAttacker(
		vegeta.Client(&http.Client{Transport: a.transport}), // first: it replaces what other options set
		vegeta.Redirects(vegeta.NoFollow),
		vegeta.MaxWorkers(uint64(p.MaxWorkers)),
		vegeta.MaxBody(0), // keeps no body; Vegeta reads and drops the rest
	)
	a.unwatch = context.AfterFunc(ctx, func() {
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			a.cut()
		}
	})
	return a
}

// run attacks, and adds all results to m.
func (a *attack) run(m *Meter) {
	end, _ := a.sending.Deadline()
	p := &pacer{rate: a.plan.Rate, duration: time.Until(end), sending: a.sending}
	for result := range a.attacker.Attack(a.target, p, 0, "") {
		if x := a.transport.take(result.Seq); x != nil {
			m.Add(operation(result, x))
		}
	}
}

// target returns a vegeta.Targeter.
func (a *attack) target(t *vegeta.Target) error {
	if a.sending.Err() != nil {
		return errOver
	}
	defer a.abortOnFailure() // deferred: Each may end its goroutine
	r, err := a.source.next()
	if err != nil {
		return err
	}
	*t = vegeta.Target{Method: r.method(), URL: a.base + r.Path, Body: r.Body, Header: r.Header}
	return nil
}

func (a *attack) abortOnFailure() {
	if a.source.failure() != nil {
		a.stop()
		a.cut()
	}
}

// operation returns what became of one request.
func operation(r *vegeta.Result, x *exchange) Operation {
	o := Operation{
		Start:    x.sent, // Vegeta's is earlier by the time that Each took
		Latency:  r.End().Sub(x.sent),
		Code:     int(r.Code),
		BytesIn:  x.bytes,
		BytesOut: r.BytesOut,
	}
	switch {
	case x.err != nil:
		o.Code, o.Err, o.Cut = 0, x.err.Error(), errors.Is(x.err, errCut)
	case r.Code == 0:
		o.Err = r.Error // the client refused the answer: a Location that is no URL
	}
	return o
}

// ended returns when sending ended.
func (a *attack) ended() time.Time {
	end, _ := a.sending.Deadline()
	if now := time.Now(); now.Before(end) {
		return now
	}
	return end
}

// close leaves nothing behind: connections that were in use have been closed with
// their requests, the idle ones and dials under way end here.
func (a *attack) close() {
	a.stop()
	a.cut()
	a.unwatch()
	a.pool.CloseIdleConnections()
}
