package heap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// google/pprof's parser allocates many times what it is given: an empty sample is
// two bytes on the wire and 184 in memory, so that a quarter of a megabyte of gzip
// can take a process down. A profile is therefore walked before it is parsed: what
// growth has no use for is cut out (labels, comments, stacks that hold no live
// memory, in many servers most of them), and what is left is refused if parsing it
// could allocate more than maxParsed.
const maxParsed = 416 << 20

// What parsing one element allocates at most, in bytes: its structure, its share of
// the slices that grow around it with all their discarded predecessors, and of the
// maps that check its id. TestParseStaysInBudget holds them to it.
const (
	sampleCost   = 184
	typeCost     = 64
	mappingCost  = 288
	locationCost = 224
	lineCost     = 256
	functionCost = 256
	stringCost   = 112 // and 9/8 of its length
	listCost     = 16  // of a sample's values or locations in one packed list,
	packedCost   = 18  // and for each element of it
	elementCost  = 64  // of an element that comes in any other form
)

// kind is a kind of profile: which two of its values count. (A profile of goroutines
// has one, which is both.)
type kind struct{ what, size, number string }

var (
	heapKind   = kind{"a heap profile", "inuse_space", "inuse_objects"}
	parkedKind = kind{"a goroutine profile", "goroutine", "goroutine"}
	leakedKind = kind{"a profile of leaked goroutines", "goroutineleak", "goroutineleak"}
)

// trimmer is the walk over a profile's wire format.
type trimmer struct {
	kind                    // of profile; the zero value is a heap profile
	bytes, objects int      // which of a sample's values kind names
	types          int      // how many values a sample has
	values         []int64  // of the sample at hand
	totals         [2]int64 // live bytes and objects of all samples

	cost     int // what parsing will allocate, in bytes
	elements [profilePeriod + 1]int
}

// run walks the wire format of a profile and returns it without what growth does not
// need. It works in place: wire is overwritten.
func (t *trimmer) run(wire []byte) ([]byte, error) {
	if err := t.findTypes(wire); err != nil {
		return nil, err
	}
	out := wire[:0]
	err := eachField(wire, func(f field) (err error) {
		out, err = t.keep(out, f)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// findTypes finds the values of live memory by the names of the sample types.
func (t *trimmer) findTypes(wire []byte) error {
	var index []uint64
	err := eachField(wire, func(f field) error {
		if f.num != profileSampleType {
			return nil
		}
		if t.types++; t.types > 32 {
			return errors.New("it has more than 32 sample types: it is no profile of memory or goroutines")
		}
		at := uint64(0)
		err := eachField(f.data, func(f field) error {
			if f.num == 1 {
				at = f.value
			}
			return nil
		})
		index = append(index, at)
		return err
	})
	if err != nil {
		return err
	}
	names, err := stringsAt(wire, index)
	if err != nil {
		return err
	}
	if t.kind == (kind{}) {
		t.kind = heapKind
	}
	t.bytes, t.objects = slices.Index(names, t.size), slices.Index(names, t.number)
	switch {
	case t.bytes >= 0 && t.objects >= 0:
		return nil
	case t.size == t.number:
		return fmt.Errorf("it is not %s: its sample types are %q, not %s", t.what, strings.Join(names, ", "), t.size)
	}
	return fmt.Errorf("it is not a heap profile: its sample types are %q, not inuse_space and inuse_objects: "+
		"fetch it from …/debug/pprof/heap", strings.Join(names, ", "))
}

// stringsAt returns the strings of a profile's table at the given places, each cut to 64 bytes.
func stringsAt(wire []byte, index []uint64) ([]string, error) {
	found := make([]string, len(index))
	at := uint64(0)
	err := eachField(wire, func(f field) error {
		if f.num != profileString {
			return nil
		}
		for i := range index {
			if index[i] == at {
				found[i] = string(f.data[:min(len(f.data), 64)])
			}
		}
		at++
		return nil
	})
	return found, err
}

// keep appends f to out if growth needs it, and counts what parsing it will cost.
func (t *trimmer) keep(out []byte, f field) ([]byte, error) {
	switch f.num {
	case profileSample:
		return t.keepSample(out, f)
	case profileSampleType, profilePeriodType:
		t.cost += typeCost
	case profilePeriod:
	case profileMapping:
		t.cost += mappingCost
	case profileLocation:
		t.cost += locationCost
		err := eachField(f.data, func(f field) error {
			if f.num == locationLine {
				t.cost += lineCost
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	case profileFunction:
		t.cost += functionCost
	case profileString:
		t.cost += stringCost + len(f.data)*9/8
	default:
		return out, nil
	}
	return append(out, f.raw...), t.count(f.num)
}

// keepSample appends a sample without its labels, if it holds live memory.
func (t *trimmer) keepSample(out []byte, f field) ([]byte, error) {
	t.values = t.values[:0]
	size, cost, lists := 0, sampleCost, 0
	err := eachField(f.data, func(f field) error {
		if f.num != sampleLocation && f.num != sampleValue {
			return nil
		}
		n, err := eachNumber(f, func(v uint64) error {
			if f.num == sampleValue {
				return t.addValue(int64(v))
			}
			return nil
		})
		size += len(f.raw)
		if lists++; f.bytes && lists <= 2 {
			cost += listCost + n*packedCost
		} else {
			cost += n * elementCost
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if live, err := t.live(); err != nil || !live {
		return out, err
	}
	t.cost += cost
	out = binary.AppendUvarint(out, profileSample<<3|2)
	out = binary.AppendUvarint(out, uint64(size))
	err = eachField(f.data, func(f field) error {
		if f.num == sampleLocation || f.num == sampleValue {
			out = append(out, f.raw...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, t.count(profileSample)
}

func (t *trimmer) addValue(v int64) error {
	if v < 0 {
		return fmt.Errorf("a sample has a negative value (%d): the profile is damaged, or a difference of two profiles", v)
	}
	if len(t.values) == t.types {
		return fmt.Errorf("a sample has more values than the profile has sample types (%d): the profile is damaged", t.types)
	}
	t.values = append(t.values, v)
	return nil
}

// live reports whether the sample at hand holds live memory.
func (t *trimmer) live() (bool, error) {
	if len(t.values) != t.types {
		return false, fmt.Errorf("a sample has %d values and the profile %d sample types: the profile is damaged",
			len(t.values), t.types)
	}
	bytes, objects := t.values[t.bytes], t.values[t.objects]
	t.totals[0] += bytes
	t.totals[1] += objects
	if t.totals[0] < 0 || t.totals[1] < 0 {
		return false, errors.New("its samples add up to more than 2^63: the profile is damaged")
	}
	return bytes != 0 || objects != 0, nil
}

// count counts an element that was kept, and says when there are too many.
func (t *trimmer) count(kind uint64) error {
	t.elements[kind]++
	if t.cost <= maxParsed {
		return nil
	}
	return fmt.Errorf("parsing it would take more than %d MiB of memory (%d samples, %d locations, %d functions, %d strings "+
		"and counting): a larger runtime.MemProfileRate in the target makes the profile smaller",
		maxParsed>>20, t.elements[profileSample], t.elements[profileLocation],
		t.elements[profileFunction], t.elements[profileString])
}
