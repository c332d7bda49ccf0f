package profile

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Floor is what the target's runtime said of its heap right after a garbage
// collection: the live heap, exact, without sampling error. All sizes are bytes.
type Floor struct {
	At       time.Duration // since the run started
	Requests uint64        // requests completed by then, warm-up included
	Took     time.Duration // how long the target took to answer, the collection included

	HeapAlloc    uint64 // bytes of live heap objects
	HeapObjects  uint64 // number of live heap objects (Mallocs − Frees)
	StackInuse   uint64 // bytes in stack spans
	Sys          uint64 // bytes obtained from the system
	HeapReleased uint64 // bytes of Sys given back to the system
	NextGC       uint64 // heap size at which the next collection starts
	NumGC        uint64 // collections completed, so far
}

// Live is the live heap with the stacks, in bytes: what a leak makes grow.
func (f Floor) Live() uint64 { return f.HeapAlloc + f.StackInuse }

// floorLines are the lines of runtime.MemStats that make a Floor, by the names under
// which runtime/pprof writes them ("# Stack = 360448 / 360448" is in use / obtained).
var floorLines = []struct {
	name string
	at   func(*Floor) *uint64
}{
	{"HeapAlloc", func(f *Floor) *uint64 { return &f.HeapAlloc }},
	{"HeapObjects", func(f *Floor) *uint64 { return &f.HeapObjects }},
	{"Stack", func(f *Floor) *uint64 { return &f.StackInuse }},
	{"Sys", func(f *Floor) *uint64 { return &f.Sys }},
	{"HeapReleased", func(f *Floor) *uint64 { return &f.HeapReleased }},
	{"NextGC", func(f *Floor) *uint64 { return &f.NextGC }},
	{"NumGC", func(f *Floor) *uint64 { return &f.NumGC }},
}

// Floor forces a garbage collection in the target and reads what its runtime says of
// the heap then. At and Requests are left to the caller.
//
// The answer is the profile as text, megabytes of stacks that are passed over, with
// runtime.MemStats in its closing lines.
func (p Pprof) Floor(ctx context.Context) (Floor, error) {
	var floor Floor
	start := time.Now()
	err := p.fetch(ctx, "heap", "gc=1&debug=1", func(body io.Reader) (err error) {
		floor, err = readFloor(body)
		return err
	})
	floor.Took = time.Since(start)
	if err != nil {
		return Floor{}, fmt.Errorf("read live heap: %w", err)
	}
	return floor, nil
}

// readFloor reads a heap profile's text, which must hold all of floorLines.
func readFloor(text io.Reader) (Floor, error) {
	var floor Floor
	seen := map[string]bool{}
	lines := bufio.NewReaderSize(io.LimitReader(text, maxInflated), 32<<10)
	stats, whole := false, true
	for {
		line, err := lines.ReadSlice('\n')
		starts := whole // line is not the rest of one that was longer than the buffer
		whole = !errors.Is(err, bufio.ErrBufferFull)
		switch {
		case !starts:
		case bytes.HasPrefix(line, []byte("# runtime.MemStats")):
			stats = true
		case stats && bytes.HasSuffix(line, []byte("\n")): // or the number may be cut
			if err := floor.read(line, seen); err != nil {
				return Floor{}, err
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil && whole {
			return Floor{}, err
		}
	}
	for _, l := range floorLines {
		if !seen[l.name] {
			return Floor{}, fmt.Errorf("the answer has no line \"# %s = …\" from runtime.MemStats: it was cut off, "+
				"or does not come from a Go program's net/http/pprof", l.name)
		}
	}
	return floor, nil
}

// read takes one line of runtime.MemStats.
func (f *Floor) read(line []byte, seen map[string]bool) error {
	name, value, ok := bytes.Cut(bytes.TrimPrefix(line, []byte("# ")), []byte(" = "))
	if !ok {
		return nil
	}
	for _, l := range floorLines {
		if l.name != string(name) {
			continue
		}
		digits, _, _ := bytes.Cut(bytes.TrimSpace(value), []byte(" / "))
		v, err := strconv.ParseUint(string(digits), 10, 64)
		if err != nil {
			return fmt.Errorf("the line %s is not \"# %s = \" and a number of bytes: "+
				"the answer does not come from a Go program's net/http/pprof", excerpt(line), l.name)
		}
		*l.at(f), seen[l.name] = v, true
	}
	return nil
}
