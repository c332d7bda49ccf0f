package compare

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/memgate/memgate/internal/stats"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/report"
)

// RetainedDelta is what one function held of the live heap before and after, in bytes,
// averaged over the runs: at the end of the load, what it allocated itself or had a
// library below it allocate.
type RetainedDelta struct {
	Func          string
	Before, After float64
}

// mostHeld is how many of them forms show, leastHeld how large a change is shown.
const (
	mostHeld  = 5
	leastHeld = 256 << 10
)

// String returns the function with its change: "+6.1 MiB (40.7 → 46.8)  main.fill".
func (h RetainedDelta) String() string {
	return fmt.Sprintf("%s (%s → %s)  %s", words.SignedMiB(int64(h.After-h.Before)), words.Mebibytes(h.Before), words.Mebibytes(h.After), h.Func)
}

// heldDeltas returns the functions whose part of the live heap is not the same, the largest
// change first. Profiles are samples: from four runs a side on, what differs no more
// than they do by chance is left out.
func heldDeltas(before, after []*report.Record) []RetainedDelta {
	sides := [2][]*report.Record{before, after}
	found := map[string]*[2][]float64{} // of each run
	for side, runs := range sides {
		for i, r := range runs {
			for fn, bytes := range heldBy(r) {
				if found[fn] == nil {
					found[fn] = &[2][]float64{make([]float64, len(before)), make([]float64, len(after))}
				}
				found[fn][side][i] = bytes
			}
		}
	}
	var all []RetainedDelta
	for fn, held := range found {
		if len(before) == 0 || len(after) == 0 {
			continue
		}
		d := RetainedDelta{Func: fn, Before: stats.Mean(held[0]), After: stats.Mean(held[1])}
		shift := stats.Shift(held[0], held[1])
		byChance := shift.Known && shift.Lo <= 0 && shift.Hi >= 0
		if !byChance && math.Abs(d.After-d.Before) >= leastHeld {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b RetainedDelta) int {
		return cmp.Or(cmp.Compare(math.Abs(b.After-b.Before), math.Abs(a.After-a.Before)), strings.Compare(a.Func, b.Func))
	})
	return all
}

// heldBy returns the run's last heap profile of the load by the function nearest to the
// allocation that is not of the standard library.
func heldBy(r *report.Record) map[string]float64 {
	held := map[string]float64{}
	var path []string // the functions that count, by depth
	for _, b := range r.Retained {
		if b.Depth < 0 || b.Depth > len(path) {
			continue // no tree that this package made
		}
		name := b.Func
		if b.Depth > 0 {
			above := path[b.Depth-1]
			held[above] -= float64(b.After)
			if !ofProgram(name) && ofProgram(above) {
				name = above
			}
		}
		path = append(path[:b.Depth], name)
		held[name] += float64(b.After)
	}
	delete(held, "") // what no call accounts for
	return held
}

// ofProgram tells a function of the program or its modules from one of the standard
// library, whose packages' first part has no dot.
func ofProgram(fn string) bool {
	pkg, _, nested := strings.Cut(fn, "/")
	if !nested {
		pkg, _, _ = strings.Cut(fn, ".")
		return pkg == "main"
	}
	return strings.Contains(pkg, ".")
}
