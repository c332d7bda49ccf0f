package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// MarshalJSON writes one array per figure, in the samples' order:
//
//	{"at_ns":[100000000,100000000],"requests":[0,20],"usage":[5242880,-4096]}
//
// at_ns is Sample.At in nanoseconds, requests Sample.Requests, the others are named
// as Field.String names them. Each number is the difference from the one before it in its
// array, the first from 0; null is a sample that does not have the figure, and a
// figure that none has is left out. It fails where At is negative.
func (s Series) MarshalJSON() ([]byte, error) {
	out := []byte(`{"at_ns":[`)
	for i := range s {
		if s[i].At < 0 {
			return nil, fmt.Errorf("write series: sample %d is at %v: At is the time since the run started", i, s[i].At)
		}
	}
	out = s.appendDeltas(out, func(m *Sample) (uint64, bool) { return uint64(m.At), true })
	out = append(out, `],"requests":[`...)
	out = s.appendDeltas(out, func(m *Sample) (uint64, bool) { return m.Requests, true })
	for i := range fieldTable {
		if !s.some(i) {
			continue
		}
		out = append(out, `],"`...)
		out = append(out, fieldTable[i].name...)
		out = append(out, `":[`...)
		out = s.appendDeltas(out, func(m *Sample) (uint64, bool) { return *fieldTable[i].at(&m.Memory), m.Missing&(1<<i) == 0 })
	}
	return append(out, "]}"...), nil
}

// some tells whether any sample has the i-th figure.
func (s Series) some(i int) bool {
	for j := range s {
		if s[j].Missing&(1<<i) == 0 {
			return true
		}
	}
	return false
}

func (s Series) appendDeltas(out []byte, value func(*Sample) (uint64, bool)) []byte {
	var last uint64
	for i := range s {
		if i > 0 {
			out = append(out, ',')
		}
		v, ok := value(&s[i])
		switch {
		case !ok:
			out = append(out, "null"...)
			continue
		case v < last:
			out = strconv.AppendUint(append(out, '-'), last-v, 10)
		default:
			out = strconv.AppendUint(out, v-last, 10)
		}
		last = v
	}
	return out
}

// UnmarshalJSON reads what MarshalJSON writes. Figures that this version does not
// know are ignored, those that it does not find are Missing. It fails where columns
// differ in length and where a number is negative, too large or not whole; it does
// not ask for the order of time. What it allocates is bounded by the length of the
// input.
func (s *Series) UnmarshalJSON(data []byte) error {
	var arrays map[string]json.RawMessage
	if err := json.Unmarshal(data, &arrays); err != nil {
		return fmt.Errorf("read series: %w", err)
	}
	times, err := readDeltas(arrays["at_ns"], -1)
	if err != nil {
		return fmt.Errorf("read series: at_ns: %w", err)
	}
	read := make(Series, len(times))
	for i, at := range times {
		if !at.ok || at.v > math.MaxInt64 {
			return fmt.Errorf("read series: at_ns: the time of sample %d is missing or too large", i)
		}
		read[i] = Sample{At: time.Duration(at.v), Memory: Memory{Missing: AllFieldsExcept()}}
	}
	if err := read.fill(arrays); err != nil {
		return fmt.Errorf("read series: %w", err)
	}
	if len(read) == 0 {
		read = nil
	}
	*s = read
	return nil
}

// fill sets everything but the times.
func (s Series) fill(arrays map[string]json.RawMessage) error {
	requests, err := readDeltas(arrays["requests"], len(s))
	if err != nil {
		return fmt.Errorf("requests: %w", err)
	}
	for j, r := range requests {
		if !r.ok {
			return fmt.Errorf("requests: there is none for sample %d", j)
		}
		s[j].Requests = r.v
	}
	for i := range fieldTable {
		array, ok := arrays[fieldTable[i].name]
		if !ok {
			continue
		}
		cells, err := readDeltas(array, len(s))
		if err != nil {
			return fmt.Errorf("%s: %w", fieldTable[i].name, err)
		}
		for j, c := range cells {
			if c.ok {
				*fieldTable[i].at(&s[j].Memory) = c.v
				s[j].Missing &^= 1 << i
			}
		}
	}
	return nil
}

// cell is a figure of one sample; not ok if it does not have it.
type cell struct {
	v  uint64
	ok bool
}

// readDeltas reads an array of valid JSON that has to hold that many differences, or
// any number if n is below 0.
func readDeltas(array []byte, n int) ([]cell, error) {
	array = bytes.TrimSpace(array)
	if len(array) < 2 || array[0] != '[' {
		return nil, errors.New("it is not an array")
	}
	array = bytes.TrimSpace(array[1 : len(array)-1])
	has := 0
	if len(array) > 0 {
		has = bytes.Count(array, []byte{','}) + 1
	}
	if n >= 0 && has != n {
		return nil, fmt.Errorf("it has %d values for %d samples", has, n)
	}
	cells := make([]cell, has)
	var last uint64
	for i := range cells {
		var item []byte
		item, array, _ = bytes.Cut(array, []byte{','})
		item = bytes.TrimSpace(item)
		if string(item) == "null" {
			continue
		}
		v, err := step(last, item)
		if err != nil {
			return nil, fmt.Errorf("value %d: %w", i, err)
		}
		cells[i], last = cell{v, true}, v
	}
	return cells, nil
}

// step returns the value that differs from the last by delta, a decimal number.
func step(last uint64, delta []byte) (uint64, error) {
	digits, down := bytes.CutPrefix(delta, []byte{'-'})
	d, err := strconv.ParseUint(string(digits), 10, 64)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%.40q is not a whole number of 64 bits", delta)
	case down && d > last:
		return 0, fmt.Errorf("%.40q makes it negative", delta)
	case down:
		return last - d, nil
	case d > math.MaxUint64-last:
		return 0, fmt.Errorf("%.40q makes it larger than 64 bits", delta)
	}
	return last + d, nil
}
