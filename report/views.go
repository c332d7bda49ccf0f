package report

import (
	"fmt"

	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
)

// Phase returns the first phase of that name, if the run came to it.
func (r *Record) Phase(name string) (Phase, bool) {
	for _, p := range r.Phases {
		if p.Name == name {
			return p, true
		}
	}
	return Phase{}, false
}

// During returns the samples that were taken in the phase of that name.
func (r *Record) During(phase string) profile.Series {
	p, ok := r.Phase(phase)
	if !ok {
		return nil
	}
	return r.Samples.Between(p.From, p.To)
}

// LiveHeapsDuring returns the live heaps that were read in the phase of that name.
func (r *Record) LiveHeapsDuring(phase string) []profile.LiveHeap {
	p, ok := r.Phase(phase)
	if !ok {
		return nil
	}
	var in []profile.LiveHeap
	for _, f := range r.LiveHeaps {
		if p.From <= f.At && f.At <= p.To {
			in = append(in, f)
		}
	}
	return in
}

// rests returns the live heaps at rest next to the measured load, before it and after it; zero
// where they were not read.
func (r *Record) rests() (before, after profile.LiveHeap) {
	load, _ := r.Phase(Load)
	end, ended := r.Phase(Final)
	for _, f := range r.LiveHeaps {
		if f.At <= load.From {
			before = f
		}
		if ended && f.At >= end.From {
			after = f
		}
	}
	return before, after
}

// Evidence returns what the record says of the measured load, for [leak.Detect]: samples
// and live heaps of that phase, and what interrupted it. An interruption is one of these:
//   - a fatal finding;
//   - an OOM kill, of a child of the target too;
//   - a restart;
//   - no sample for 3 s, or for ten intervals if that is longer;
//   - gaps of more than a tenth of the load in all.
func (r *Record) Evidence() leak.Evidence {
	window, _ := r.Phase(Load)
	e := leak.Evidence{
		Samples:   r.During(Load),
		LiveHeaps: r.LiveHeapsDuring(Load),
		Processes: r.processesDuring(Load),
		Planned:   r.Load.Planned,
		Window:    window.To - window.From,
		Reachable: r.Reachable,
		Runtime:   r.Env.Runtime,

		Allowed:         r.AllowedGrowth + r.KnownGrowth(),
		WorkingSetLeaks: r.WorkingSetLeaks,
	}
	e.RestBefore, e.Rest = r.rests()
	for _, h := range r.Retainers {
		e.Retainers = append(e.Retainers, leak.Retainer{Name: h.String(), Share: h.Share, Bytes: h.Bytes, Counts: h.Counts})
	}
	for _, f := range r.Notes {
		if f.Fatal || f.Kind == OOMKilled {
			e.Broken = append(e.Broken, f.Text())
		}
	}
	for i := 1; i < len(e.Samples); i++ {
		before, s := e.Samples[i-1], e.Samples[i]
		if s.OOMKills > before.OOMKills {
			e.Broken = append(e.Broken, fmt.Sprintf("the kernel OOM-killed %d process(es) of the target at %s", s.OOMKills-before.OOMKills, words.Clock(s.At)))
		}
	}
	e.Broken = append(e.Broken, gapsInWords(Gaps(e.Samples, r.Source.Every), e.Window, r.Source.Every)...)
	return e
}

// Fatal returns the finding that ended the run, if one did.
func (r *Record) Fatal() (Finding, bool) {
	for _, f := range r.Notes {
		if f.Fatal {
			return f, true
		}
	}
	return Finding{}, false
}
