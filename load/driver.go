package load

import (
	"context"
	"time"
)

// A Driver sends traffic to base (an absolute URL without a trailing slash) and
// tells m of every operation as it completes. It calls m.Begin as it starts and
// m.End when it has sent its last.
//
// The deadline of ctx is the planned end: the driver stops sending, lets what is
// in flight finish for a moment, and returns nil. Cancelling ctx aborts at once,
// requests in flight included, and Drive returns the context's error. When Drive
// returns, nothing of it runs on and no connection is left open.
//
// A Driver that can be checked before anything starts has a method
// Validate() error; one that knows its rate (per second) and duration has
// Planned() (rate float64, d time.Duration). Plan has both.
type Driver interface {
	Drive(ctx context.Context, base string, m *Meter) error
}

// DriverFunc is a function as a Driver.
type DriverFunc func(ctx context.Context, base string, m *Meter) error

// Drive calls f.
func (f DriverFunc) Drive(ctx context.Context, base string, m *Meter) error { return f(ctx, base, m) }

// Operation is one request and what came of it. It failed if Err is set or Code is
// a status outside 200 to 399; a protocol without such statuses leaves Code at 0.
type Operation struct {
	Start    time.Time     // when it was sent
	Latency  time.Duration // until the answer was read whole, or given up
	Code     int           // HTTP status, 100 to 999; 0 if there was no whole answer
	BytesIn  uint64        // of the answer's body, as far as it came
	BytesOut uint64        // of the request's body
	Err      string        // why there was no answer; "" if there was
	Cut      bool          // the driver broke it off as the load ended: says nothing of the target
}

// failed tells whether the target let the operation down.
func (o Operation) failed() bool {
	return o.Err != "" || o.Code != 0 && (o.Code < 200 || o.Code > 399)
}
