package leak

import (
	"cmp"
	"math"
	"slices"

	"github.com/memgate/memgate/internal/stats"
	"github.com/memgate/memgate/profile"
)

// split returns the growth over the window by cause, largest first, as far as the
// evidence tells the causes apart. Each is the difference of the medians of the
// window's last and first tenth.
func (l *look) split() []Cause {
	var causes []Cause
	add := func(name string, grown float64, ok bool) {
		if ok {
			causes = append(causes, Cause{name, math.Round(grown)})
		}
	}
	l.splitRuntime(add)
	add("page cache", l.grown(pageCache), l.has(profile.InactiveFile, profile.ActiveFile))
	add("tmpfs", l.grown(func(s *profile.Sample) float64 { return float64(s.Shmem) }), l.has(profile.Shmem))
	add("kernel", l.grown(l.kernelOf()), l.hasKernel())
	add("swap", l.grown(func(s *profile.Sample) float64 { return float64(s.Swap) }), l.has(profile.Swap))
	slices.SortStableFunc(causes, func(a, b Cause) int { return cmp.Compare(math.Abs(b.Bytes), math.Abs(a.Bytes)) })
	return causes
}

func pageCache(s *profile.Sample) float64 { return float64(s.InactiveFile) + float64(s.ActiveFile) }

// splitRuntime tells what grew of the anonymous memory.
func (l *look) splitRuntime(add func(name string, grown float64, ok bool)) {
	anon := l.grown(func(s *profile.Sample) float64 { return float64(s.Anon) + float64(s.Swap) })
	n, figure := l.runtimeFigures()
	if n < 2 {
		add("anonymous memory", anon, l.has(profile.Anon))
		return
	}
	grown := func(part func(runtimeFigures) float64) float64 {
		return ends(n, func(i int) float64 { return part(figure(i)) })
	}
	add("live heap", grown(func(r runtimeFigures) float64 { return r.live }), true)
	add("stacks", grown(func(r runtimeFigures) float64 { return r.stacks }), figure(n-1).stacks > 0)
	known := figure(0).kept > 0 && figure(n-1).kept > 0
	kept := grown(func(r runtimeFigures) float64 { return r.kept })
	idle := grown(func(r runtimeFigures) float64 { return r.kept - r.live - r.stacks })
	add("idle heap", idle, known)
	add("off-heap", anon-kept, known && l.has(profile.Anon))
}

// runtimeFigures is what a live heap or a poll says, in bytes.
type runtimeFigures struct{ live, stacks, kept float64 } // kept: from the system and not given back

// runtimeFigures returns the live heaps', or where there are too few the polls'.
func (l *look) runtimeFigures() (n int, at func(i int) runtimeFigures) {
	if len(l.LiveHeaps) >= fewestRuntime {
		return len(l.LiveHeaps), func(i int) runtimeFigures {
			f := &l.LiveHeaps[i]
			return runtimeFigures{float64(f.HeapAlloc), float64(f.StackInuse), f.Committed()}
		}
	}
	return len(l.Polls), func(i int) runtimeFigures {
		p := &l.Polls[i]
		return runtimeFigures{float64(p.HeapLive), float64(p.StackInuse), p.committed()}
	}
}

// grown returns the growth of a figure of the samples.
func (l *look) grown(figure func(*profile.Sample) float64) float64 {
	return ends(l.samples.len(), func(i int) float64 { return figure(l.samples.at(i)) })
}

// ends returns the median of the last tenth less that of the first.
func ends(n int, value func(i int) float64) float64 {
	if n == 0 {
		return 0
	}
	tenth := make([]float64, max(1, n/10))
	median := func(from int) float64 {
		for i := range tenth {
			tenth[i] = value(from + i)
		}
		return stats.Median(tenth)
	}
	return median(n-len(tenth)) - median(0)
}
