package load

import (
	"context"
	"time"
)

// A Driver sends traffic to a target. [Plan] is one; [Func] makes one of a function. What
// wraps a Driver (to log in, to trace) forwards both methods, as a struct does that embeds
// it, and loses nothing. It hands on the Meter that it is given, which numbers requests
// through the whole run.
type Driver interface {
	// Schedule says what Drive is to send. It fails where that cannot be sent, before
	// anything is started.
	Schedule() (Schedule, error)

	// Drive sends traffic to base, an absolute URL without a trailing slash, and tells m of
	// every operation as it completes. It calls m.Begin as it starts and m.End when it has
	// sent its last.
	//
	// It ends after the Schedule's Duration, or at the deadline of ctx if that is earlier:
	// it stops sending, lets what is in flight finish for a moment, and returns nil. In the
	// measured load ctx may have no deadline but the test's. Cancelling ctx aborts at once,
	// requests in flight included, and Drive returns the context's error. When Drive
	// returns, nothing of it runs on and no connection is left open.
	//
	// A run calls it again and again until its warm-up is over, then for the measured load,
	// and each time that the load is extended, one call after the other.
	Drive(ctx context.Context, base string, m *Meter) error
}

// Schedule is the shape of a load. Without a Duration a run takes no heap profiles while it
// is loaded, never extends the load, and cannot compare it with the test's deadline. Without
// a Rate it does not see that the target got less than was planned. Either is a warning.
type Schedule struct {
	Rate     float64       // requests per second; 0 if it is not known
	Duration time.Duration // of one Drive; 0 if it is not known
	Requests []Request     // what is sent, as far as it is known: reports keep its credentials out
}

// Known reports whether rate and duration are known.
func (s Schedule) Known() bool { return s.Rate > 0 && s.Duration > 0 }

// Func makes a Driver of drive. s is its Schedule.
func Func(s Schedule, drive func(ctx context.Context, base string, m *Meter) error) Driver {
	return scheduled{s, drive}
}

type scheduled struct {
	schedule Schedule
	drive    func(ctx context.Context, base string, m *Meter) error
}

var _ Driver = scheduled{}

func (s scheduled) Schedule() (Schedule, error) { return s.schedule, nil }

func (s scheduled) Drive(ctx context.Context, base string, m *Meter) error {
	return s.drive(ctx, base, m)
}

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

// failed reports whether the target let the operation down.
func (o Operation) failed() bool {
	return o.Err != "" || o.Code != 0 && (o.Code < 200 || o.Code > 399)
}
