package heap

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"github.com/memgate/memgate/profile"
	"io"
	"strconv"
	"time"
)

// liveLines are the lines of runtime.MemStats that make a profile.LiveHeap, by the names under
// which runtime/pprof writes them ("# Stack = 360448 / 360448" is in use / obtained).
var liveLines = []struct {
	name string
	at   func(*profile.LiveHeap) *uint64
}{
	{"HeapAlloc", func(f *profile.LiveHeap) *uint64 { return &f.HeapAlloc }},
	{"HeapObjects", func(f *profile.LiveHeap) *uint64 { return &f.HeapObjects }},
	{"Stack", func(f *profile.LiveHeap) *uint64 { return &f.StackInuse }},
	{"Sys", func(f *profile.LiveHeap) *uint64 { return &f.Sys }},
	{"HeapReleased", func(f *profile.LiveHeap) *uint64 { return &f.HeapReleased }},
	{"NextGC", func(f *profile.LiveHeap) *uint64 { return &f.NextGC }},
	{"NumGC", func(f *profile.LiveHeap) *uint64 { return &f.NumGC }},
}

// Live forces a garbage collection in the target and reads what its runtime says of
// the heap then. At and Requests are left to the caller.
//
// The answer is the profile as text, megabytes of stacks that are passed over, with
// runtime.MemStats in its closing lines.
func (p Pprof) Live(ctx context.Context) (profile.LiveHeap, error) {
	var live profile.LiveHeap
	start := time.Now()
	err := p.fetch(ctx, "heap", "gc=1&debug=1", func(body io.Reader) (err error) {
		live, err = readLive(body)
		return err
	})
	live.Took = time.Since(start)
	if err != nil {
		return profile.LiveHeap{}, fmt.Errorf("read live heap: %w", err)
	}
	return live, nil
}

// readLive reads a heap profile's text, which must hold all of liveLines.
func readLive(text io.Reader) (profile.LiveHeap, error) {
	var live profile.LiveHeap
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
			if err := read(&live, line, seen); err != nil {
				return profile.LiveHeap{}, err
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil && whole {
			return profile.LiveHeap{}, err
		}
	}
	for _, l := range liveLines {
		if !seen[l.name] {
			return profile.LiveHeap{}, fmt.Errorf("the answer has no line \"# %s = …\" from runtime.MemStats: it was cut off, "+
				"or does not come from a Go program's net/http/pprof", l.name)
		}
	}
	return live, nil
}

// read takes one line of runtime.MemStats.
func read(f *profile.LiveHeap, line []byte, seen map[string]bool) error {
	name, value, ok := bytes.Cut(bytes.TrimPrefix(line, []byte("# ")), []byte(" = "))
	if !ok {
		return nil
	}
	for _, l := range liveLines {
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
