package engine

import (
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
