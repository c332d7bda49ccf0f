package leak

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
)

// Bounds of a trace: a day at 10 Hz fits in.
const (
	maxTraceRows  = 1_000_000
	maxTraceBytes = 256 << 20
)

// ReadTrace reads a recording as CSV: one row per sample, under a header that names
// the columns, all sizes in bytes.
//
//	t_ms                        milliseconds since the load started
//	reqs                        requests completed so far
//	usage inactive_file active_file rss    of the cgroup; rss is anonymous memory
//	heap_live gc_cycles stacks heap_goal runtime_total released goroutines    of the Go runtime, read without forcing
//	forced_gc_heap              live heap and stacks right after a forced collection
//	heap_objects_count          heap objects after that collection
//
// Columns may be absent or unknown, and an empty cell is a figure that was not
// sampled at that row; t_ms must be there in every row, reqs in some. Rows beyond a million, numbers
// below 0 and what is not a number are errors.
func ReadTrace(r io.Reader) (Evidence, error) {
	limited := &io.LimitedReader{R: r, N: maxTraceBytes}
	rows := csv.NewReader(limited)
	rows.ReuseRecord = true
	header, err := rows.Read()
	if err != nil {
		return Evidence{}, fmt.Errorf("read trace: no header: %w: the first line must name the columns t_ms, reqs, usage, …", err)
	}
	t, err := columnsOf(header)
	if err != nil {
		return Evidence{}, fmt.Errorf("read trace: %w", err)
	}
	var rec recording
	for n := 0; ; n++ {
		cells, err := rows.Read()
		switch {
		case errors.Is(err, io.EOF) && limited.N > 0:
			return rec.evidence(), nil
		case limited.N <= 0 || n == maxTraceRows:
			return Evidence{}, fmt.Errorf("read trace: more than %d rows or %d MiB: keep every tenth row", maxTraceRows, maxTraceBytes>>20)
		case err != nil:
			return Evidence{}, fmt.Errorf("read trace: %w: every row must have the columns of the header", err)
		}
		if err := rec.add(row{columns: t, cells: cells}); err != nil {
			line, _ := rows.FieldPos(0)
			return Evidence{}, fmt.Errorf("read trace: line %d: %w", line, err)
		}
	}
}
