package heap

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	pprof "github.com/google/pprof/profile"
)

// Limits of a heap profile, in bytes. With maxParsed they bound what reading one can
// allocate, whatever is in it, to less than 512 MiB.
const (
	maxRaw      = 16 << 20 // as it is fetched, compressed
	maxInflated = 64 << 20
)

// Profile is a heap profile of the target, as it was served.
type Profile struct {
	At       time.Duration // since the run started
	Requests uint64        // requests completed by then, warm-up included
	Raw      []byte        // gzipped protobuf: a file of it is what go tool pprof opens
}

// heapProfile is what growth needs of a heap profile: stacks that hold live memory,
// without labels.
type heapProfile struct {
	*pprof.Profile
	bytes, objects int // which of a sample's values are inuse_space and inuse_objects
	allocated      int // and alloc_space; -1 if there is none
}

// parseHeap reads a heap profile that is not to be trusted: what it may take is
// bounded before it is parsed (maxRaw, maxInflated, maxParsed), and its numbers and
// ids are checked.
func parseHeap(raw []byte) (*heapProfile, error) { return parse(raw, heapKind) }

// parse reads a profile of any kind as parseHeap does.
func parse(raw []byte, k kind) (*heapProfile, error) {
	wire, err := unpack(raw, k)
	if err != nil {
		return nil, err
	}
	return parseWire(wire, k)
}

// unpack returns the first half of parse: what is left to be parsed, inflated and trimmed.
func unpack(raw []byte, k kind) ([]byte, error) {
	wire, err := inflate(raw)
	if err != nil {
		return nil, err
	}
	t := trimmer{kind: k}
	return t.run(wire)
}

// parseWire returns the second half of parse.
func parseWire(wire []byte, k kind) (*heapProfile, error) {
	p, err := pprof.ParseUncompressed(wire)
	if err != nil {
		return nil, fmt.Errorf("the profile is damaged: %w", err)
	}
	if err := p.CheckValid(); err != nil {
		return nil, fmt.Errorf("the profile is damaged: %w", err)
	}
	named := func(name string) int {
		return slices.IndexFunc(p.SampleType, func(t *pprof.ValueType) bool { return t.Type == name })
	}
	return &heapProfile{p, named(k.size), named(k.number), named("alloc_space")}, nil
}

// inflate returns the protobuf in raw, in memory of its own.
func inflate(raw []byte) ([]byte, error) {
	switch {
	case len(raw) == 0:
		return nil, errors.New("it is empty")
	case len(raw) > maxRaw:
		return nil, fmt.Errorf("it is larger than %d MiB", maxRaw>>20)
	case !bytes.HasPrefix(raw, []byte{0x1f, 0x8b}):
		return bytes.Clone(raw), nil // protobuf may come without gzip
	}
	zr, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, inflateError(err)
	}
	// The last four bytes say how much there is. Memory is taken once, for just that:
	// a buffer that grows would take up to three times as much.
	size := int64(binary.LittleEndian.Uint32(raw[len(raw)-4:]))
	if size > maxInflated {
		return nil, tooLarge(zr)
	}
	wire := make([]byte, size)
	if _, err := io.ReadFull(zr, wire); err != nil {
		return nil, inflateError(err)
	}
	switch n, err := zr.Read(make([]byte, 1)); {
	case n > 0:
		return nil, errors.New("its gzip trailer does not fit its contents: the profile is damaged")
	case !errors.Is(err, io.EOF):
		return nil, inflateError(err)
	}
	if size == 0 {
		return nil, errors.New("it is empty")
	}
	return wire, nil
}

// tooLarge tells a profile that is too large from one whose last four bytes are not
// a size, because it was cut off.
func tooLarge(zr io.Reader) error {
	n, err := io.Copy(io.Discard, io.LimitReader(zr, maxInflated+1))
	if n <= maxInflated && err != nil {
		return inflateError(err)
	}
	return fmt.Errorf("it inflates to more than %d MiB: a larger runtime.MemProfileRate in the target makes it smaller",
		maxInflated>>20)
}

func inflateError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("its gzip data ends early: it was cut off on its way")
	}
	return fmt.Errorf("its gzip data is damaged: %w", err)
}
