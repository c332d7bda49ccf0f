package leak

import (
	"fmt"
	"math"
	"time"
)

// fault is why no verdict can be drawn from this evidence, however the figures lie.
type fault struct{ reason, remedy string }

const (
	fewestSamples = 12  // that a trend is looked for in
	delivered     = 0.8 // of the planned load that a verdict needs
)

// fault returns the first thing that makes the evidence unfit for a verdict.
func (e Evidence) fault() *fault {
	for _, check := range []func() *fault{e.broken, e.badNumbers, e.badSamples, e.badLiveHeaps, e.badPolls, e.tooLittle, e.stalled, e.notDelivered} {
		if f := check(); f != nil {
			return f
		}
	}
	return nil
}

const repeat = "repeat the run"

func (e Evidence) broken() *fault {
	if len(e.Broken) == 0 {
		return nil
	}
	return &fault{"the run was interrupted: " + e.Broken[0], "find out why, then " + repeat}
}

func (e Evidence) badNumbers() *fault {
	for _, v := range []float64{e.Planned, e.Allowed, e.Window.Seconds()} {
		if !(v >= 0) || math.IsInf(v, 0) {
			return &fault{fmt.Sprintf("planned rate, allowance and window must be numbers from 0 on, not %v", v), "correct it"}
		}
	}
	return nil
}

// badSamples looks for what can only be if the target or its counters changed under
// the run.
func (e Evidence) badSamples() *fault {
	samples := thin(e.Samples)
	for i := 1; i < samples.len(); i++ {
		before, s := samples.at(i-1), samples.at(i)
		switch {
		case s.At < before.At:
			return backwards("time", "samples", s.At)
		case s.Requests < before.Requests:
			return backwards("the count of requests", "samples", s.At)
		case s.OOMKills != before.OOMKills:
			if s.OOMKills < before.OOMKills {
				return backwards("the count of OOM kills", "samples", s.At)
			}
			return &fault{fmt.Sprintf("the kernel OOM-killed a process of the target before %s", moment(s.At)),
				"raise the memory limit, or look at what grew until then"}
		case s.At-before.At > longestGap && s.At-before.At > e.length()/5:
			return &fault{fmt.Sprintf("there are no samples from %s to %s", moment(before.At), moment(s.At)), repeat}
		}
	}
	return nil
}

// longestGap between samples is what a busy machine may cause.
const longestGap = 5 * time.Second

func (e Evidence) badLiveHeaps() *fault {
	for i := 1; i < len(e.LiveHeaps); i++ {
		before, f := &e.LiveHeaps[i-1], &e.LiveHeaps[i]
		if bad := counters("live_heaps", f.At, before.At, f.Requests, before.Requests, f.NumGC, before.NumGC); bad != nil {
			return bad
		}
	}
	return nil
}

func (e Evidence) badPolls() *fault {
	for i := 1; i < len(e.Polls); i++ {
		before, p := &e.Polls[i-1], &e.Polls[i]
		if bad := counters("polls", p.At, before.At, p.Requests, before.Requests, p.NumGC, before.NumGC); bad != nil {
			return bad
		}
	}
	return nil
}

func counters(series string, at, atBefore time.Duration, requests, requestsBefore, cycles, cyclesBefore uint64) *fault {
	switch {
	case at < atBefore:
		return backwards("time", series, at)
	case requests < requestsBefore:
		return backwards("the count of requests", series, at)
	case cycles < cyclesBefore:
		return &fault{fmt.Sprintf("the count of collections falls at %s: the target was restarted", moment(at)),
			"find out why, then " + repeat}
	}
	return nil
}

func (e Evidence) tooLittle() *fault {
	if len(e.Samples) < fewestSamples && len(e.LiveHeaps) < fewestLive {
		return &fault{fmt.Sprintf("too few samples: %d of %d", len(e.Samples), fewestSamples),
			"run the load longer, or sample more often"}
	}
	requests, seconds := e.completed()
	if !(seconds > 0) {
		return &fault{"all samples are of the same moment", repeat}
	}
	if !(requests > 0) {
		return &fault{"no requests were completed in the window", "check that the load reaches the target"}
	}
	return nil
}

// stalled looks for a time in which no request was completed although some dozens were
// due: the target was paused or hung, and what it did with memory then is not what the
// code does.
func (e Evidence) stalled() *fault {
	const due = 20 // requests
	requests, seconds := e.completed()
	samples := thin(e.Samples)
	since := 0
	for i := 1; i < samples.len(); i++ {
		from, s := samples.at(since), samples.at(i)
		if pause := s.At - from.At; s.Requests == from.Requests && pause > longestGap && pause.Seconds()*requests/seconds >= due {
			return &fault{fmt.Sprintf("no request was completed from %s to %s: the target was paused, or hung", moment(from.At), moment(s.At)), repeat}
		}
		if s.Requests > from.Requests {
			since = i
		}
	}
	return nil
}

// notDelivered compares the load with its plan: what an overloaded host or target
// does to memory is no property of the code.
func (e Evidence) notDelivered() *fault {
	seconds := e.length().Seconds()
	if e.Planned == 0 || seconds <= 0 {
		return nil
	}
	completed, _ := e.completed()
	if share := completed / (e.Planned * seconds); share < delivered {
		return &fault{fmt.Sprintf("%.0f%% of the planned load was delivered, %.0f%% is needed", 100*share, 100*delivered),
			"lower the rate, or give the target and the load generator more CPU"}
	}
	return nil
}

// completed returns how many requests were completed in the window, and in how many
// seconds, by the samples or where there are none by the live heaps.
func (e Evidence) completed() (requests, seconds float64) {
	if n := len(e.Samples); n >= 2 {
		first, last := &e.Samples[0], &e.Samples[n-1]
		return float64(last.Requests) - float64(first.Requests), (last.At - first.At).Seconds()
	}
	if n := len(e.LiveHeaps); n >= 2 {
		first, last := &e.LiveHeaps[0], &e.LiveHeaps[n-1]
		return float64(last.Requests) - float64(first.Requests), (last.At - first.At).Seconds()
	}
	return 0, 0
}

// length returns the length of the measured load.
func (e Evidence) length() time.Duration {
	if e.Window > 0 || len(e.Samples) == 0 {
		return e.Window
	}
	return e.Samples[len(e.Samples)-1].At - e.Samples[0].At
}

func backwards(what, series string, at time.Duration) *fault {
	return &fault{fmt.Sprintf("%s runs backwards in the %s at %s: the target was restarted, or series were mixed", what, series, moment(at)), repeat}
}

// moment returns a time of the run as people read it, to the tenth of a second.
func moment(at time.Duration) string { return at.Round(100 * time.Millisecond).String() }
