package main

import (
	"github.com/memgate/memgate/profile/leak"
	"time"
)

// verdict is a line of the output. What is not known is null.
type verdict struct {
	File              string       `json:"file"`
	Verdict           leak.Verdict `json:"verdict"`
	Channel           string       `json:"channel"`
	BytesPerRequest   *float64     `json:"bytes_per_request"`
	Lo                *float64     `json:"lo"`
	Hi                *float64     `json:"hi"`
	Bound             *float64     `json:"bound"`
	ObjectsPerRequest *float64     `json:"objects_per_request"`
	Reason            string       `json:"reason"`
	Shape             string       `json:"shape"`
	Forecast          *forecast    `json:"forecast,omitempty"`
}

// forecast is when memory reaches the limit, in seconds from the recording's end.
type forecast struct {
	Never    bool     `json:"never"` // growth is not certain
	Seconds  *float64 `json:"seconds"`
	Earliest *float64 `json:"earliest"`
	Latest   *float64 `json:"latest"`
}

func inWords(file string, t leak.Trend) verdict {
	v := verdict{File: file, Verdict: t.Verdict, Channel: string(t.Signal), Reason: t.Reason, Shape: t.Shape}
	if t.PerRequest.Points > 0 {
		v.BytesPerRequest = &t.PerRequest.Value
	}
	if t.PerRequest.Interval() {
		v.Lo, v.Hi = &t.PerRequest.Lo, &t.PerRequest.Hi
	}
	if t.Verdict == leak.Steady {
		v.Bound = &t.Bound
	}
	if t.Objects.Points > 0 {
		v.ObjectsPerRequest = &t.Objects.Value
	}
	return v
}

// forecasting is what a forecast is asked for.
type forecasting struct {
	limit uint64  // bytes
	rate  float64 // requests per second; 0 is the recording's own
}

func (f forecasting) of(e leak.Evidence, t leak.Trend) *forecast {
	rate := f.rate
	if n := len(e.Samples); rate == 0 && n > 1 {
		first, last := e.Samples[0], e.Samples[n-1]
		rate = float64(last.Requests-first.Requests) / max((last.At-first.At).Seconds(), 1e-9)
	}
	got := t.Forecast(f.limit, rate)
	out := &forecast{Never: got.Never, Earliest: seconds(got.Earliest), Latest: seconds(got.Latest)}
	if !got.Never {
		s := got.After.Seconds()
		out.Seconds = &s
	}
	return out
}

// seconds returns a time, or nil where it is not known.
func seconds(d time.Duration) *float64 {
	if d == 0 {
		return nil
	}
	s := d.Seconds()
	return &s
}
