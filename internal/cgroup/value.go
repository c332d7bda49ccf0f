package cgroup

import (
	"bytes"
	"math"
)

// number reads a decimal number. The kernel's own never pass an int64, and what does
// is an underflow or not the kernel's.
func number(b []byte) (uint64, bool) {
	if len(b) == 0 || len(b) > 19 {
		return 0, false
	}
	var v uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + uint64(c-'0')
	}
	return v, v <= math.MaxInt64
}

// unlimited is how a limit is read that is none.
const unlimited = math.MaxUint64

// bound reads a limit: a number, "max", or the huge number by which v1 says the
// same, which depends on the size of a page.
func bound(b []byte) (uint64, bool) {
	if string(b) == "max" {
		return unlimited, true
	}
	v, ok := number(b)
	if v >= 1<<62 {
		return unlimited, ok
	}
	return v, ok
}

// limit reads a limit, 0 if there is none.
func limit(b []byte) (uint64, bool) {
	v, ok := bound(b)
	if v == unlimited {
		return 0, ok
	}
	return v, ok
}

// stall reads the time that tasks waited, in µs, of a line of a pressure file:
// "avg10=0.00 avg60=0.00 avg300=0.00 total=8123", from where its key ends.
func stall(b []byte) (uint64, bool) {
	i := bytes.LastIndex(b, []byte(" total="))
	if i < 0 {
		return 0, false
	}
	return number(b[i+len(" total="):])
}
