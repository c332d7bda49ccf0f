package heap

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// Creators is which line started goroutines ("main.watch main.go:60"). Profiles do not
// say it; the runtime's traceback does.
type Creators map[starterKey]string

// starterKey is goroutines by the innermost function that is not the runtime's and by
// the one that they started with; by the latter alone where inner is "".
type starterKey struct{ inner, entry string }

// Bounds of a traceback. The target writes it into memory of its own before it sends
// it, about 500 bytes for a goroutine: it is not asked for one of very many.
const (
	maxTraced    = 10_000   // goroutines
	maxTraceback = 16 << 20 // bytes
	maxStarters  = 5_000
)

// Goroutines fetches the number of the target's goroutines by stack. If whole, it also
// asks who started them, by a traceback unless they are more than 10,000, and which of
// them wait for ever, where the target's runtime knows that (Go 1.26 with
// GOEXPERIMENT=goroutineleakprofile).
func (p Pprof) Goroutines(ctx context.Context, whole bool) (GoroutineProfile, error) {
	var look GoroutineProfile
	var all *heapProfile
	err := p.fetch(ctx, "goroutine", "debug=0", func(body io.Reader) (err error) {
		look.Raw, all, err = readParked(body, parkedKind)
		return err
	})
	if err != nil {
		return GoroutineProfile{}, fmt.Errorf("fetch goroutine profile: %w", err)
	}
	if !whole {
		return look, nil
	}
	number := int64(0)
	for _, s := range all.Sample {
		number += s.Value[all.bytes]
	}
	if number <= maxTraced {
		err = p.fetch(ctx, "goroutine", "debug=2", func(body io.Reader) error {
			look.Started = readStarters(body)
			return nil
		})
		if err != nil {
			return look, fmt.Errorf("fetch traceback: %w", err)
		}
	}
	err = p.fetch(ctx, "goroutineleak", "debug=0", func(body io.Reader) (err error) {
		look.Leaked, _, err = readParked(body, leakedKind)
		return err
	})
	if err != nil && !errors.Is(err, errNotServed) {
		return look, fmt.Errorf("fetch profile of leaked goroutines: %w", err)
	}
	return look, nil
}

func readParked(body io.Reader, k kind) ([]byte, *heapProfile, error) {
	raw, err := io.ReadAll(io.LimitReader(body, maxRaw+1))
	if err != nil {
		return nil, nil, err
	}
	p, err := parse(raw, k)
	return raw, p, err
}

// readStarters reads a traceback of all goroutines:
//
//	goroutine 18 [chan receive, 2 minutes]:
//	main.wait(...)
//		/src/main.go:57
//	main.watch.gowrap1()
//		/src/main.go:60 +0x1d
//	created by main.watch in goroutine 5
//		/src/main.go:60 +0x5c
//
// What does not read like that is passed over, and so is what was cut off.
func readStarters(text io.Reader) Creators {
	all := Creators{}
	lines := bufio.NewScanner(io.LimitReader(text, maxTraceback))
	lines.Buffer(make([]byte, 0, 64<<10), 1<<20)
	var inner, entry, by string
	for lines.Scan() && len(all) < maxStarters {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "goroutine "):
			inner, entry, by = "", "", ""
		case by != "" && strings.HasPrefix(line, "\t"):
			where, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			all.note(inner, entry, clip(by+" "+path.Base(where)))
			by = ""
		case strings.HasPrefix(line, "created by "):
			by, _, _ = strings.Cut(strings.TrimPrefix(line, "created by "), " in goroutine ")
		case line != "" && line[0] != '\t':
			if paren := strings.LastIndexByte(line, '('); paren > 0 {
				entry = clip(line[:paren])
				if inner == "" {
					inner = entry
				}
			}
		}
	}
	return all
}

func (s Creators) note(inner, entry, by string) {
	if entry == "" {
		return
	}
	s[starterKey{inner, entry}] = by
	s[starterKey{entry: entry}] = by
}
