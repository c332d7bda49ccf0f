package tell

import (
	"fmt"
	"path"
	"strconv"

	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/profile/heap"
)

// Goroutines returns the n stacks whose goroutines grew most in number, a line each:
// "+4,012 goroutines, 1.00/request, in main.wait main.go:57 (chan receive), started by
// main.watch main.go:60". Those that are hardly more are left out.
func Goroutines(grown []heap.GoroutineGrowth, n int) []string {
	var lines []string
	grown = Notable(grown)
	for _, g := range grown[:min(n, len(grown))] {
		line := fmt.Sprintf("%s goroutines, %.2f/request, in %s %s", words.SignedCount(g.Count), g.PerRequest, g.Func, PlaceIn(g.File, g.Line))
		if g.State != "" {
			line += " (" + g.State + ")"
		}
		if g.Started != "" {
			line += ", started by " + g.Started
		}
		if g.Leaked > 0 {
			line += fmt.Sprintf("; the runtime knows %s to wait for ever", words.Count(uint64(g.Leaked)))
		}
		lines = append(lines, line)
	}
	return lines
}

// leastGoroutines is the growth per request that is written as more than 0.00.
const leastGoroutines = 0.005

// Notable returns the stacks whose number says something: a goroutine more or less in a
// whole run does not, unless the runtime knows it to wait for ever.
func Notable(grown []heap.GoroutineGrowth) []heap.GoroutineGrowth {
	var kept []heap.GoroutineGrowth
	for _, g := range grown {
		if g.PerRequest >= leastGoroutines || g.Leaked > 0 {
			kept = append(kept, g)
		}
	}
	return kept
}

// PlaceIn returns "file.go:12", or as much of it as is known.
func PlaceIn(file string, line int) string {
	switch {
	case file == "":
		return ""
	case line == 0:
		return path.Base(file)
	}
	return path.Base(file) + ":" + strconv.Itoa(line)
}
