package leak

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/memgate/memgate/internal/stats"
	"github.com/memgate/memgate/profile"
)

// columnsOf tells where a figure stands in a row.
func columnsOf(header []string) (map[string]int, error) {
	columns := make(map[string]int, len(header))
	for i, name := range header {
		if _, twice := columns[name]; twice {
			return nil, fmt.Errorf("column %.40q is there twice: rename one", name)
		}
		columns[name] = i
	}
	for _, name := range []string{"t_ms", "reqs"} {
		if _, ok := columns[name]; !ok {
			return nil, fmt.Errorf("no column %q: the header must name t_ms (milliseconds) and reqs (requests completed)", name)
		}
	}
	return columns, nil
}

// row is one line of a trace. Its first bad cell is kept in err.
type row struct {
	columns map[string]int
	cells   []string
	err     error
}

// number returns a cell's, and whether it was sampled.
func (r *row) number(name string) (v float64, ok bool) {
	const most = 1 << 53 // above, float64 leaves numbers out
	i, there := r.columns[name]
	if !there || r.cells[i] == "" || r.err != nil {
		return 0, false
	}
	v, err := strconv.ParseFloat(r.cells[i], 64)
	if err != nil || !(v >= 0 && v <= most) {
		r.err = fmt.Errorf("%s is %.40q: it must be a number from 0 to 2^53, or empty where it was not sampled", name, r.cells[i])
		return 0, false
	}
	return v, true
}

func (r *row) size(name string) uint64 {
	v, _ := r.number(name)
	return uint64(v)
}

// recording is a trace while it is read.
type recording struct {
	e       Evidence
	load    clock // where requests were sampled
	unknown bool  // somewhere they were not
}

// notCounted stands for requests that were not sampled, until the whole is read.
const notCounted = math.MaxUint64

func (rec *recording) add(r row) error {
	ms, ok := r.number("t_ms")
	if !ok && r.err == nil {
		return fmt.Errorf("no t_ms: every row must say when it was")
	}
	if ms > float64(math.MaxInt64/time.Millisecond) {
		return fmt.Errorf("t_ms is %g: it must be milliseconds since the load started", ms)
	}
	at := time.Duration(ms * float64(time.Millisecond))
	requests := uint64(notCounted)
	if v, ok := r.number("reqs"); ok {
		requests = uint64(v)
		rec.load.at, rec.load.requests = append(rec.load.at, at.Seconds()), append(rec.load.requests, v)
	} else {
		rec.unknown = true
	}
	rec.e.Samples = append(rec.e.Samples, profile.Sample{At: at, Requests: requests, Memory: r.memory()})
	if live, ok := r.number("heap_live"); ok {
		rec.e.Polls = append(rec.e.Polls, Poll{
			At: at, Requests: requests, HeapLive: uint64(live), StackInuse: r.size("stacks"),
			Sys: r.size("runtime_total"), HeapReleased: r.size("released"),
			NextGC: r.size("heap_goal"), NumGC: r.size("gc_cycles"), Goroutines: r.size("goroutines"),
		})
	}
	if live, ok := r.number("forced_gc_heap"); ok {
		rec.e.LiveHeaps = append(rec.e.LiveHeaps, profile.LiveHeap{
			At: at, Requests: requests, HeapAlloc: uint64(live), HeapObjects: r.size("heap_objects_count"),
		})
	}
	return r.err
}

// memory returns what the row says of the cgroup.
func (r *row) memory() profile.Memory {
	m := profile.Memory{Missing: profile.Fields(profile.WorkingSet, profile.File, profile.Shmem, profile.Kernel, profile.Swap, profile.Limit, profile.OOMKills)}
	for _, figure := range []struct {
		column string
		field  profile.Field
		at     *uint64
	}{
		{"usage", profile.Usage, &m.Usage},
		{"inactive_file", profile.InactiveFile, &m.InactiveFile},
		{"active_file", profile.ActiveFile, &m.ActiveFile},
		{"rss", profile.Anon, &m.Anon},
	} {
		v, ok := r.number(figure.column)
		if !ok {
			m.Missing |= profile.Fields(figure.field)
		}
		*figure.at = uint64(v)
	}
	if m.Missing&profile.Fields(profile.Usage, profile.InactiveFile) == 0 {
		m.WorkingSet = m.Usage - min(m.InactiveFile, m.Usage)
		m.Missing &^= profile.Fields(profile.WorkingSet)
	}
	return m
}

// evidence returns the whole recording; requests that were not sampled lie on a straight
// line between those that were.
func (rec *recording) evidence() Evidence {
	e := rec.e
	if !rec.unknown {
		return e
	}
	if len(rec.load.at) == 0 || !slices.IsSorted(rec.load.at) {
		rec.load = clock{at: []float64{0}, requests: []float64{0}}
	}
	fill := func(at time.Duration, requests *uint64) {
		if *requests == notCounted {
			*requests = uint64(stats.Interp(at.Seconds(), rec.load.at, rec.load.requests))
		}
	}
	for i := range e.Samples {
		fill(e.Samples[i].At, &e.Samples[i].Requests)
	}
	for i := range e.Polls {
		fill(e.Polls[i].At, &e.Polls[i].Requests)
	}
	for i := range e.LiveHeaps {
		fill(e.LiveHeaps[i].At, &e.LiveHeaps[i].Requests)
	}
	return e
}
