// Command benchsampling measures what a sample of a control group costs: ours, that of
// the bare system calls under it, of reading the same files with os.ReadFile and a map,
// and of the libraries that container runtimes use. It is a module of its own, so that
// no user of memgate gets those libraries.
//
// All ways are measured in turns, round after round, so that what else the machine does
// hits them alike; a figure is the median over the rounds of the processor time of a
// sample, user and system.
package main

import (
	"cmp"
	"fmt"
	"log"
	"os"
	"runtime"
	"slices"
	"syscall"
	"time"
)

const (
	rounds = 61
	turn   = 150 // samples of one way in a round; a hundredth of that of the slow ones
)

// way is one way to take a sample.
type way struct {
	name   string
	sample func() error
	n      int // samples in a turn
	costs  []time.Duration
	allocs float64
}

func main() {
	runtime.LockOSThread()
	runtime.GOMAXPROCS(1) // a collector on another core would be somebody's for free
	target, err := newTarget()
	if err != nil {
		log.Fatal(err)
	}
	ways, err := target.ways()
	if err == nil {
		err = measure(ways)
	}
	target.close()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("cgroup v%d, %d files, %d rounds of %d samples in turns, %s\n\n", target.dir.Version, len(target.files), rounds, turn, runtime.Version())
	fmt.Printf("%-36s %12s %10s %12s %12s\n", "", "CPU a sample", "allocs", "at 10 Hz", "at 100 Hz")
	for _, w := range ways {
		c := w.median()
		fmt.Printf("%-36s %12v %10.1f %11.4f%% %11.4f%%\n", w.name, c, w.allocs, 100*10*c.Seconds(), 100*100*c.Seconds())
	}
	by := func(name string) *way {
		return ways[slices.IndexFunc(ways, func(w *way) bool { return w.name == name })]
	}
	over := func(a, b string) float64 { return by(a).ratio(by(b)) }
	fmt.Printf("\nsampler/syscalls %.2f  readfile/sampler %.1f  containerd/sampler %.1f  allocs %.0f\n",
		over(ours, bare), over(readFile, ours), over(containerd, ours), by(ours).allocs)
}

// measure measures all ways in turns.
func measure(ways []*way) error {
	for _, w := range ways {
		w.n = turn
		began := time.Now()
		for range 5 {
			if err := w.sample(); err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
		}
		if time.Since(began) > 5*100*time.Microsecond {
			w.n = turn / 10
		}
	}
	var before, after runtime.MemStats
	for range rounds {
		for _, w := range ways {
			runtime.ReadMemStats(&before)
			began := used()
			for range w.n {
				if err := w.sample(); err != nil {
					return fmt.Errorf("%s: %w", w.name, err)
				}
			}
			w.costs = append(w.costs, (used()-began)/time.Duration(w.n))
			runtime.ReadMemStats(&after)
			w.allocs = float64(after.Mallocs-before.Mallocs) / float64(w.n)
		}
	}
	return nil
}

func (w *way) median() time.Duration { return median(slices.Clone(w.costs)) }

// ratio returns the median over the rounds of what a sample costs in this way over what it
// costs in the other one in the same round.
func (w *way) ratio(other *way) float64 {
	ratios := make([]float64, len(w.costs))
	for i := range ratios {
		ratios[i] = float64(w.costs[i]) / float64(other.costs[i])
	}
	return median(ratios)
}

func median[T cmp.Ordered](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}

// used returns the processor time of this process so far.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
