package heap

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Field numbers of perftools.profiles.Profile and of its Sample, as in profile.proto.
const (
	profileSampleType = 1
	profileSample     = 2
	profileMapping    = 3
	profileLocation   = 4
	profileFunction   = 5
	profileString     = 6
	profilePeriodType = 11
	profilePeriod     = 12

	sampleLocation = 1
	sampleValue    = 2

	locationLine = 4
)

var errTruncated = errors.New("it ends in the middle of a field: it was cut off, or is not a pprof profile")

// field is one field of a protobuf message.
type field struct {
	num   uint64
	value uint64 // of a varint
	data  []byte // of a length-delimited field
	bytes bool   // it is length-delimited
	raw   []byte // the whole field, its tag included
}

// nextField cuts the first field off msg.
func nextField(msg []byte) (f field, rest []byte, err error) {
	tag, n := binary.Uvarint(msg)
	if n <= 0 {
		return f, nil, errTruncated
	}
	f.num = tag >> 3
	size := 0
	switch tag & 7 {
	case 0:
		f.value, size = binary.Uvarint(msg[n:])
		if size <= 0 {
			return f, nil, errTruncated
		}
	case 1:
		size = 8
	case 2:
		length, m := binary.Uvarint(msg[n:])
		if m <= 0 || length > uint64(len(msg)-n-m) {
			return f, nil, errTruncated
		}
		f.bytes = true
		n, size = n+m, int(length)
	case 5:
		size = 4
	default:
		return f, nil, fmt.Errorf("it is not a pprof profile: it has a field of wire type %d", tag&7)
	}
	if size > len(msg)-n {
		return f, nil, errTruncated
	}
	if f.bytes {
		f.data = msg[n : n+size]
	}
	f.raw = msg[:n+size]
	return f, msg[n+size:], nil
}

// eachField calls do with every field of msg until it returns an error.
func eachField(msg []byte, do func(field) error) error {
	for len(msg) > 0 {
		f, rest, err := nextField(msg)
		if err != nil {
			return err
		}
		if err := do(f); err != nil {
			return err
		}
		msg = rest
	}
	return nil
}

// eachNumber calls do with every number of f, which is a packed list or a varint,
// and returns how many they were.
func eachNumber(f field, do func(uint64) error) (count int, err error) {
	if !f.bytes {
		return 1, do(f.value)
	}
	for data := f.data; len(data) > 0; count++ {
		v, n := binary.Uvarint(data)
		if n <= 0 {
			return count, errTruncated
		}
		if err := do(v); err != nil {
			return count, err
		}
		data = data[n:]
	}
	return count, nil
}
