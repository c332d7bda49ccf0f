package leak

import (
	"fmt"
	"time"

	"github.com/memgate/memgate/internal/stats"
	"github.com/memgate/memgate/profile"
)

// Onset is when growth set in, and how fast it is since then. It is found where memory
// did hardly grow before; an average over the whole window says too little there.
type Onset struct {
	At         time.Duration    // since the run started
	PerRequest profile.Estimate // growth in bytes per completed request since then; no Points where none was found
}

const (
	onsetP      = 1e-4 // how likely at most a straight line would seem to break so
	onsetBefore = 0.2  // growth before the onset is at most this share of that after it
	onsetPoints = 12   // before it and after it
)

// onset looks for one break of the curve at which growth sets in. It describes a run that
// is not steady, and decides nothing. The break is chosen where the fit is best, so the
// slope is taken from the points after it by blocks, as the verdict's is: it must be more
// than noise by itself, and by more than one jump.
func (j judged) onset() Onset {
	x, y := j.curve.x, j.curve.y
	b, ok := stats.FindBreak(x, y)
	if !ok || b.P > onsetP || b.At < onsetPoints || len(x)-b.At < onsetPoints {
		return Onset{}
	}
	before := stats.BlockSlope(x[:b.At], y[:b.At], 10, j.rule.reduce)
	after := stats.BlockSlope(x[b.At:], y[b.At:], 10, j.rule.reduce)
	steps := stats.Diff(after.Y)
	switch {
	case !(after.Lower(stats.P99) > j.rule.above) || !(after.Value*(x[len(x)-1]-x[b.At]) >= j.rule.threshold):
		return Onset{}
	case !(before.Value <= onsetBefore*after.Value) || !(stats.Median(steps) >= 0.5*stats.Mean(steps)):
		return Onset{}
	}
	drift := heapDrift / (x[len(x)-1] - x[b.At])
	return Onset{
		At:         time.Duration(j.curve.at[b.At] * float64(time.Second)),
		PerRequest: profile.Estimate{Value: after.Value, Lo: after.Lower(stats.P975) - drift, Hi: after.Upper(stats.P975) + drift, Points: len(after.X)},
	}
}

// Found tells whether there is one.
func (o Onset) Found() bool { return o.PerRequest.Points > 0 }

// String returns "from 03:20 on it grows by 1890 B with each request".
func (o Onset) String() string {
	return fmt.Sprintf("from %02d:%02d on it grows by %s with each request", int(o.At.Minutes()), int(o.At.Seconds())%60, perRequest(o.PerRequest.Value))
}
