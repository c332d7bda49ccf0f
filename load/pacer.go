package load

import (
	"context"
	"math"
	"time"
)

// catchUp is how late a request may be sent. It evens out a pause of the garbage
// collector or of the scheduler; what is later is dropped, because a burst at the
// end of a stall is a load that nobody planned.
const catchUp = 100 * time.Millisecond

// pacer is a vegeta.Pacer of a constant rate: request i is due at i/rate.
//
// It waits by itself, where Vegeta would sleep: a sleep between two requests at a
// low rate cannot be cut short when the load is aborted.
type pacer struct {
	rate     float64         // per second
	duration time.Duration   // no request is due at or after it
	sending  context.Context // done when nothing more may be sent; has a deadline
	slot     uint64          // number of the next request, sent and dropped ones counted
}

// Pace waits until the next request is due. It stops at the end of the duration,
// not after the last request: a load lasts as long as it was planned to.
func (p *pacer) Pace(elapsed time.Duration, _ uint64) (time.Duration, bool) {
	p.drop(elapsed)
	due := p.due(p.slot)
	if due >= p.duration {
		<-p.sending.Done()
		return 0, true
	}
	p.slot++
	if wait := due - elapsed; wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-p.sending.Done():
		}
	}
	return 0, p.sending.Err() != nil
}

// Rate returns the planned rate, at all times.
func (p *pacer) Rate(time.Duration) float64 { return p.rate }

func (p *pacer) due(slot uint64) time.Duration {
	return time.Duration(math.Round(float64(slot) / p.rate * float64(time.Second)))
}

// drop leaves out the requests that are too late to be sent: those later than
// catchUp whose successor is due as well.
func (p *pacer) drop(elapsed time.Duration) {
	if late := elapsed - max(catchUp, p.due(1)); late > 0 {
		p.slot = max(p.slot, uint64(math.Ceil(late.Seconds()*p.rate)))
	}
}
