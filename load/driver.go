package load

import (
	"context"
	"time"
)

// A Driver sends traffic to base (an absolute URL without a trailing slash) and
// tells m of every operation as it completes.
//
// The deadline of ctx is the planned end: the driver stops sending, lets what is
// in flight finish for a moment, and returns nil. Cancelling ctx aborts at once,
// requests in flight included, and Drive returns the context's error. When Drive
// returns, nothing of it runs on and no connection is left open.
type Driver interface {
	Drive(ctx context.Context, base string, m *Meter) error
}

// DriverFunc is a function as a Driver.
type DriverFunc func(ctx context.Context, base string, m *Meter) error

// Drive calls f.
func (f DriverFunc) Drive(ctx context.Context, base string, m *Meter) error { return f(ctx, base, m) }

// Operation is one request and what came of it.
type Operation struct {
	Start    time.Time     // when it was sent
	Latency  time.Duration // until the answer was read whole
	Code     int           // HTTP status; 0 if there was no answer
	BytesIn  uint64        // of the answer's body
	BytesOut uint64        // of the request's body
	Err      string        // why there was no good answer; "" if there was
}
