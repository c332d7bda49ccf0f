package heap

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"

	pprof "github.com/google/pprof/profile"
)

// parseJemalloc reads what jemalloc's prof.dump writes: the mean distance of samples in
// bytes, live objects and bytes in all, those of every stack and thread, and the target's
// mappings.
//
//	heap_v2/524288
//	  t*: 28106: 56637512 [0: 0]
//	@ 0x5f86da8 0x5f5a1dc 0x29e4d4e
//	  t*: 13: 6688 [0: 0]
//	  t3: 12: 6496 [0: 0]
//
//	MAPPED_LIBRARIES:
//	00400000-00401000 r-xp 00000000 fe:00 10002522    /srv/shop
func parseJemalloc(text []byte) (*pprof.Profile, error) {
	j := jemalloc{locations: map[uint64]*pprof.Location{}, p: &pprof.Profile{
		SampleType: []*pprof.ValueType{{Type: "inuse_objects", Unit: "count"}, {Type: "inuse_space", Unit: "bytes"}},
		PeriodType: &pprof.ValueType{Type: "space", Unit: "bytes"},
	}}
	stacks, maps, _ := bytes.Cut(text, []byte("\nMAPPED_LIBRARIES:"))
	n := 0
	for line := range bytes.Lines(stacks) {
		n++
		if err := j.read(n, string(bytes.TrimSpace(line))); err != nil {
			return nil, fmt.Errorf("jemalloc's text, line %d %s: %w", n, excerpt(bytes.TrimSpace(line)), err)
		}
	}
	if len(j.p.Sample) == 0 {
		return nil, errNoSamples
	}
	const mostMappings = 1 << 20 // bytes of their text
	if m, err := pprof.ParseProcMaps(bytes.NewReader(maps[:min(len(maps), mostMappings)])); err == nil {
		j.p.Mapping = m // without them, functions are called by their address
	}
	for i, m := range j.p.Mapping {
		m.ID = uint64(i + 1)
	}
	return j.p, nil
}

type jemalloc struct {
	p         *pprof.Profile
	stack     []*pprof.Location // whose figures come next; nil before the first stack and after its figures
	locations map[uint64]*pprof.Location
	cost      int
}

// What an address and a stack take at most, in bytes, naming and writing them included.
const (
	jemallocAddressCost = 1700
	jemallocStackCost   = 700
	jemallocRepeatCost  = 60
	maxFrames           = 1024
)

func (j *jemalloc) read(n int, line string) error {
	switch {
	case n == 1:
		rate, err := strconv.ParseInt(strings.TrimPrefix(line, "heap_v2/"), 10, 64)
		if err != nil || rate < 1 {
			return fmt.Errorf("the distance of samples must be a number of bytes")
		}
		j.p.Period = rate
	case strings.HasPrefix(line, "@"):
		return j.open(strings.Fields(line[1:]))
	case strings.HasPrefix(line, "t*:") && j.stack != nil:
		return j.close(line)
	}
	return nil
}

// open reads the addresses of a stack.
func (j *jemalloc) open(addresses []string) error {
	if len(addresses) == 0 || len(addresses) > maxFrames {
		return fmt.Errorf("a stack has 1 to %d addresses, not %d", maxFrames, len(addresses))
	}
	j.cost += jemallocStackCost + jemallocRepeatCost*len(addresses)
	j.stack = make([]*pprof.Location, len(addresses))
	for i, hex := range addresses {
		a, err := strconv.ParseUint(hex, 0, 64)
		if err != nil || a == 0 {
			return fmt.Errorf("%s is no address", excerpt([]byte(hex)))
		}
		a-- // what is on a stack is where a call returns to, the instruction after it
		if j.locations[a] == nil {
			j.cost += jemallocAddressCost
			l := &pprof.Location{ID: uint64(len(j.locations) + 1), Address: a}
			j.locations[a], j.p.Location = l, append(j.p.Location, l)
		}
		j.stack[i] = j.locations[a]
	}
	if j.cost > maxParsed {
		return fmt.Errorf("parsing it would take more than %d MiB of memory: a larger lg_prof_sample makes it smaller", maxParsed>>20)
	}
	return nil
}

// close reads the live objects and bytes of a stack, of all threads. They are of the
// samples alone: an object of s bytes is one with the probability 1 − exp(−s/rate).
func (j *jemalloc) close(line string) error {
	fields := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(": []", r) })
	if len(fields) < 3 {
		return fmt.Errorf(`figures are such as "t*: 13: 6688 [0: 0]"`)
	}
	objects, err := strconv.ParseUint(fields[1], 10, 63)
	if err != nil {
		return fmt.Errorf("%s is no number of objects", excerpt([]byte(fields[1])))
	}
	size, err := strconv.ParseUint(fields[2], 10, 63)
	if err != nil {
		return fmt.Errorf("%s is no number of bytes", excerpt([]byte(fields[2])))
	}
	stack := j.stack
	j.stack = nil
	if objects == 0 {
		return nil
	}
	scale := 1 / -math.Expm1(-float64(size)/float64(objects)/float64(j.p.Period))
	n, b := float64(objects)*scale, float64(size)*scale
	if !(n < math.MaxInt64) || !(b < math.MaxInt64) {
		return fmt.Errorf("it stands for more than 2^63 bytes or objects")
	}
	j.p.Sample = append(j.p.Sample, &pprof.Sample{Location: stack, Value: []int64{int64(n), int64(b)}})
	return nil
}
