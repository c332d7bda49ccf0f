package load

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// seqHeader is what Vegeta numbers requests with. It must not reach the target: a
// value that is new in every request makes targets grow that would not otherwise.
const seqHeader = "X-Vegeta-Seq"

var (
	errCut      = errors.New("broken off at the end of the load")
	errTimedOut = errors.New("timed out: no whole answer within the plan's Timeout")
)

// transport is the http.RoundTripper under Vegeta. It gives each request a context
// (Vegeta has none, and its Stop leaves requests in flight alone) and keeps what
// Vegeta's Result cannot tell: bytes of a body that is not kept, and an error as it was.
type transport struct {
	base    http.RoundTripper
	answers context.Context // done when requests in flight are to be cut off
	timeout time.Duration   // of one request

	mu        sync.Mutex
	exchanges map[uint64]*exchange // by Vegeta's number, until they are taken
}

var _ http.RoundTripper = (*transport)(nil)

// exchange is one request and its answer. It belongs to the goroutine that reads
// the answer, and then to the one that takes it.
type exchange struct {
	sent  time.Time
	bytes uint64 // read of the answer's body
	err   error  // nil if the answer was read whole
}

// RoundTrip sends req without Vegeta's header, bound to the load's life and timeout.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	x := t.begin(req.Header.Get(seqHeader))
	ctx, cancel := context.WithTimeout(t.answers, t.timeout)
	req = req.Clone(ctx)
	req.Header.Del(seqHeader)
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		x.err = t.reason(ctx, err)
		cancel()
		return nil, x.err
	}
	resp.Body = &countedBody{ReadCloser: resp.Body, x: x, cancel: cancel,
		reason: func(err error) error { return t.reason(ctx, err) }}
	return resp, nil
}

func (t *transport) begin(seq string) *exchange {
	x := &exchange{sent: time.Now()}
	n, err := strconv.ParseUint(seq, 10, 64)
	if err != nil {
		return x // not Vegeta's
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.exchanges == nil {
		t.exchanges = map[uint64]*exchange{}
	}
	t.exchanges[n] = x
	return x
}

// take hands over a finished exchange; nil if the request was never sent.
func (t *transport) take(seq uint64) *exchange {
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.exchanges[seq]
	delete(t.exchanges, seq)
	return x
}

// reason names the cause of err where it is ours.
func (t *transport) reason(ctx context.Context, err error) error {
	switch {
	case t.answers.Err() != nil:
		return errCut
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded): // the latter from making a connection
		return errTimedOut
	}
	return err
}

// countedBody counts what is read of an answer, and keeps why it broke off.
type countedBody struct {
	io.ReadCloser
	x      *exchange
	cancel context.CancelFunc
	reason func(error) error
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.x.bytes += uint64(n)
	if err != nil && err != io.EOF {
		b.x.err = b.reason(err)
	}
	return n, err
}

func (b *countedBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
