package report

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/memgate/memgate/profile"
)

// csvColumns is what [leak.ReadTrace] reads back.
var csvColumns = []string{
	"t_ms", "usage", "inactive_file", "active_file", "rss", "reqs",
	"heap_live", "heap_objects", "gc_cycles", "stacks", "heap_goal", "runtime_total", "released", "goroutines",
	"forced_gc_heap", "heap_objects_count",
}

// CSV writes the samples and live heaps of the measured load, a row each in the order of
// time, in the format that [leak.ReadTrace] reads: sizes in bytes, t_ms since the
// load's start, reqs from 0, an empty cell where a figure was not sampled. A row is
// only of numbers: nothing that the target chose stands in it.
func (r *Record) CSV(w io.Writer) error {
	b := bufio.NewWriterSize(w, 64<<10)
	b.WriteString(strings.Join(csvColumns, ",") + "\n")
	window, _ := r.Phase(Load)
	samples, heaps := r.During(Load), r.LiveHeapsDuring(Load)
	rows := csvRows{b: b, start: window.From, before: requestsBefore(samples, heaps)}
	for len(samples) > 0 || len(heaps) > 0 {
		if len(heaps) == 0 || len(samples) > 0 && samples[0].At <= heaps[0].At {
			rows.sample(&samples[0])
			samples = samples[1:]
		} else {
			rows.live(&heaps[0])
			heaps = heaps[1:]
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write samples of %q: %w", r.Name, err)
	}
	return nil
}

// requestsBefore returns how many requests were completed when the load began.
func requestsBefore(samples profile.Series, heaps []profile.LiveHeap) uint64 {
	least := uint64(math.MaxUint64)
	for i := range samples {
		least = min(least, samples[i].Requests)
	}
	for i := range heaps {
		least = min(least, heaps[i].Requests)
	}
	return least
}

type csvRows struct {
	b      *bufio.Writer
	start  time.Duration
	before uint64
}

func (c csvRows) sample(s *profile.Sample) {
	cells := c.cells(s.At, s.Requests)
	for i, figure := range []profile.Field{profile.Usage, profile.InactiveFile, profile.ActiveFile, profile.Anon} {
		if v, ok := s.Value(figure); ok {
			cells[1+i] = strconv.FormatUint(v, 10)
		}
	}
	c.write(cells)
}

func (c csvRows) live(f *profile.LiveHeap) {
	cells := c.cells(f.At, f.Requests)
	for i, v := range []uint64{f.HeapObjects, f.NumGC, f.StackInuse, f.NextGC, f.Sys, f.HeapReleased} {
		cells[7+i] = strconv.FormatUint(v, 10)
	}
	cells[14], cells[15] = strconv.FormatUint(f.Live(), 10), strconv.FormatUint(f.HeapObjects, 10)
	c.write(cells)
}

func (c csvRows) cells(at time.Duration, requests uint64) []string {
	cells := make([]string, len(csvColumns))
	cells[0] = strconv.FormatFloat(float64((at-c.start).Microseconds())/1000, 'f', -1, 64)
	cells[5] = strconv.FormatUint(requests-c.before, 10)
	return cells
}

func (c csvRows) write(cells []string) { c.b.WriteString(strings.Join(cells, ",") + "\n") }
