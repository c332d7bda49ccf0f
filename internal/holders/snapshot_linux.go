package holders

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/memgate/memgate/internal/holders/gobin"
	"github.com/memgate/memgate/internal/holders/graph"
	"github.com/memgate/memgate/internal/holders/heap"
)

// Reader reads the heap of one process, as often as it is asked to. It is not safe for
// concurrent use.
type Reader struct {
	pid     int
	started string // when the process did: its number may be another's by the second look
	program *gobin.Program
	limits  Limits
}

// Open prepares to read the heap of the Go program that runs as the process, or as the
// only child of it that is one: a shell that starts a program holds nothing.
func Open(pid int, l Limits) (_ *Reader, err error) {
	defer understood(&err)
	pid, err = goProcess(pid)
	if err != nil {
		return nil, err
	}
	started, err := startOf(pid)
	if err != nil {
		return nil, err
	}
	p, err := gobin.Loaded(pid)
	if err != nil {
		return nil, err
	}
	return &Reader{pid: pid, started: started, program: p, limits: l.withDefaults()}, nil
}

// Close lets go of the executable.
func (r *Reader) Close() error { return r.program.Close() }

// Snapshot stops the process, reads its heap, lets it go on and returns what is
// reachable, by path.
func (r *Reader) Snapshot() (_ *Paths, err error) {
	defer understood(&err)
	if err := r.ended(); err != nil {
		return nil, err
	}
	image, err := heap.Read(r.pid, r.program, heap.Limits(r.limits))
	if err != nil {
		return nil, cmp.Or(r.ended(), err) // what is read of a process that ends is anything
	}
	defer image.Free()
	p := graph.Build(image, r.program)
	return p, agrees(p, image.Collected)
}

// ended returns an error if the process is not there any more.
func (r *Reader) ended() error {
	now, err := startOf(r.pid)
	if _, gone := os.Readlink(fmt.Sprintf("/proc/%d/exe", r.pid)); err != nil || gone != nil || now != r.started { // it loses its memory a moment before its life
		return fmt.Errorf("the target's process %d has ended since it was first looked at", r.pid)
	}
	return nil
}

// understood makes an error of what a damaged executable, or a heap that is none, did to
// the code that reads it: a target may not end the test.
func understood(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the target's executable or heap was not understood: %v", p)
	}
}

// startOf returns when a process started, in clock ticks since the boot.
func startOf(pid int) (string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", fmt.Errorf("look at process %d: %w", pid, err)
	}
	const start = 19 // of the fields behind the name, which may hold anything
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) <= start {
		return "", fmt.Errorf("look at process %d: its stat file has %d fields", pid, len(fields))
	}
	if state := fields[0]; state == "Z" || state == "X" {
		return "", fmt.Errorf("look at process %d: it has ended", pid)
	}
	return fields[start], nil
}

// agrees checks what was found against the runtime's own figures: a search that missed
// a part of the heap, or took garbage for live, names the wrong holder. collected tells
// whether the collector's figure was found: it is 0 before the first collection.
func agrees(p *Paths, collected bool) error {
	const (
		slack  = 2 << 20   // bytes of the runtime's own, of finalizers and of what came and went
		least  = 0.6       // of what the runtime has for live
		little = 256 << 10 // bytes
		most   = 1.1
	)
	live, by := p.Marked, "the last collection"
	if !collected {
		live, by = p.Allocated, "the allocator's count"
	}
	switch {
	case float64(p.Bytes) > most*float64(p.Allocated)+slack:
		return fmt.Errorf("heap walk reached %d B, more than the %d B that the target has allocated: its heap layout is not supported", p.Bytes, p.Allocated)
	case float64(p.Bytes) < least*float64(live)-little:
		return fmt.Errorf("heap walk reached %d B of %d B live (by %s): part of the heap layout is not supported", p.Bytes, live, by)
	}
	return nil
}

// goProcess returns the process, or the one below it, that runs a Go program.
func goProcess(pid int) (int, error) {
	if _, err := os.Stat(fmt.Sprintf("/proc/%d/exe", pid)); err != nil {
		return 0, fmt.Errorf("look at process %d: %w", pid, err)
	}
	var found []int
	for queue := []int{pid}; len(queue) > 0; queue = queue[1:] {
		switch isGo, err := gobin.IsGo(fmt.Sprintf("/proc/%d/exe", queue[0])); {
		case err != nil:
			return 0, err
		case isGo:
			found = append(found, queue[0])
		default:
			queue = append(queue, children(queue[0])...)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return 0, fmt.Errorf("process %d runs no Go program", pid)
	default:
		return 0, fmt.Errorf("process %d has started %d Go programs: which one is meant is not known", pid, len(found))
	}
}

func children(pid int) []int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	var ids []int
	for field := range strings.FieldsSeq(string(text)) {
		if id, err := strconv.Atoi(field); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}
