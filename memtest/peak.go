package memtest

import (
	"context"
	"time"

	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
)

// peak is the largest usage of the phase under way, as far as it is known.
type peak struct {
	reset    bool   // the kernel's peak counts from the phase's start
	before   uint64 // the kernel's peak at the phase's start, since it counts; 0 if not known
	kernel   uint64 // the kernel's peak so far; 0 if it keeps none
	sampled  uint64 // the largest usage that was sampled
	measured bool
}

// see takes a sample into account.
func (p *peak) see(m *profile.Memory) {
	if usage, ok := m.Value(profile.Usage); ok {
		p.sampled, p.measured = max(p.sampled, usage), true
	}
	if kernel, ok := m.Value(profile.PeakUsage); ok {
		p.kernel = max(p.kernel, kernel)
	}
}

// next returns the peak of a phase that begins now.
func (p *peak) next(reset bool) peak {
	return peak{reset: reset, before: p.kernel}
}

func (p *peak) result() (bytes uint64, from report.PeakFrom) {
	switch {
	case !p.measured:
		return 0, ""
	case p.reset && p.kernel > 0:
		return max(p.kernel, p.sampled), report.PeakReset
	case p.before > 0 && p.kernel > p.before:
		return p.kernel, report.PeakHighest
	default:
		return p.sampled, report.PeakSampled
	}
}

// boundary passes from one phase to the next, which then does: it reads what the one
// that ends has left, and has the kernel's peak count anew for the other.
func (m *measurement) boundary(ctx context.Context, then func()) {
	m.look(ctx, true)
	m.sampling.Lock()
	defer m.sampling.Unlock()
	_ = m.sampleLocked(ctx) // the sampler says what is wrong
	then()
	resetter, ok := m.target.Memory.(target.PeakResetter)
	reset := ok && resetter.ResetPeak() == nil
	m.mu.Lock()
	defer m.mu.Unlock()
	m.peak = m.peak.next(reset)
}

// lookEvery is the distance of looks at the target's processes.
const lookEvery = time.Second

// lookThroughout looks at the target's processes once a second, until ctx ends.
func (m *measurement) lookThroughout(ctx context.Context) {
	if m.target.Processes == nil {
		return
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			m.look(ctx, false)
		case <-ctx.Done():
			return
		}
	}
}

// look looks at the target's processes; at the end of a phase thoroughly, which stops
// the target for a moment. What cannot be seen is left out: the samples say whether the
// target is there.
func (m *measurement) look(ctx context.Context, atEnd bool) {
	if m.target.Processes == nil || ctx.Err() != nil {
		return
	}
	requests := m.requests()
	l, err := m.target.Processes(atEnd)
	if err != nil || l.Count == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	l.At, l.Requests = time.Since(m.began), requests
	if atEnd {
		l.Phase = m.phase
	}
	m.record.Processes = append(m.record.Processes, l)
}
