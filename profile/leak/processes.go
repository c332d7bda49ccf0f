package leak

import "github.com/memgate/memgate/profile"

// judgeProcesses judges what the kernel counts of the target's processes: a descriptor
// or a thread that is left behind by each request is a leak, although it may be cheap.
func (l *look) judgeProcesses() []judged {
	var all []judged
	for _, figure := range []struct {
		name SignalName
		of   func(*profile.Processes) uint64
	}{
		{Descriptors, func(p *profile.Processes) uint64 { return p.FDs }},
		{Threads, func(p *profile.Processes) uint64 { return p.Threads }},
	} {
		if c, ok := l.processCurve(figure.of); ok {
			j := l.judgeGoroutines(c)
			j.name = figure.name
			all = append(all, j)
		}
	}
	return all
}

// processCurve returns a figure of the looks that told it.
func (l *look) processCurve(figure func(*profile.Processes) uint64) (c curve, ok bool) {
	for i := range l.Processes {
		if p := &l.Processes[i]; figure(p) > 0 {
			c.add(p.At.Seconds(), float64(p.Requests), float64(figure(p)))
		}
	}
	return l.binned(c), len(c.x) >= fewestLive
}
