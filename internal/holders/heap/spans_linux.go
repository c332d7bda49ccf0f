package heap

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
)

const (
	mostSpans   = 1 << 22
	largestHeap = 1 << 38 // bytes: the index of one takes a two-thousandth of that
	inUse       = 1       // mSpanInUse
)

// spanTable reads which spans are in use. It gives those with pointers a place in the
// arena, in the order of their addresses.
func (r *reader) spanTable() ([]span, uint64, error) {
	at := r.places.mheap + r.l["mheap.allspans"]
	n := r.word(at + 8)
	if n == 0 || n > mostSpans {
		return nil, 0, errNoSpans
	}
	pointers, err := r.words(r.word(at), n)
	if err != nil {
		return nil, 0, err
	}
	size := r.l["mspan"]
	raw := make([]byte, n*size)
	parts := make([]part, n)
	for i, p := range pointers {
		parts[i] = part{p, raw[uint64(i)*size:][:size]}
	}
	if err := r.read(joined(parts)...); err != nil {
		return nil, 0, err
	}
	return r.inUse(raw)
}

var errNoSpans = errors.New("the target's span table is not where it was looked for")

// joined makes one of parts that lie side by side, here and there.
func joined(parts []part) []part {
	all := parts[:1]
	for _, p := range parts[1:] {
		last := &all[len(all)-1]
		if last.addr+uint64(len(last.to)) == p.addr {
			last.to = last.to[:len(last.to)+len(p.to)]
		} else {
			all = append(all, p)
		}
	}
	return all
}

// inUse makes spans of the runtime's structures, and declines a table that cannot be
// one.
func (r *reader) inUse(raw []byte) ([]span, uint64, error) {
	size := r.l["mspan"]
	read := r.spanReader()
	spans := make([]span, 0, uint64(len(raw))/size)
	wrong := 0
	for b := raw; len(b) > 0; b = b[size:] {
		s, used := read(b)
		switch {
		case !used:
		case s.sane():
			spans = append(spans, s)
		default:
			wrong++
		}
	}
	if len(spans) == 0 || wrong > 2+len(spans)/1000 { // a span may be caught as it is made
		return nil, 0, errNoSpans
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.addr, b.addr) })
	need, total := uint64(0), uint64(0)
	for i := range spans {
		if total += spans[i].size; total > largestHeap {
			return nil, 0, errNoSpans
		}
		if i > 0 && spans[i].addr < spans[i-1].addr+spans[i-1].size {
			return nil, 0, errNoSpans
		}
		if spans[i].mem == 0 {
			spans[i].mem = int64(need)
			need += spans[i].size
		}
	}
	return spans, need, nil
}

// spanReader reads one structure of the runtime's. It looks its offsets up once, because
// the target stands still meanwhile.
func (r *reader) spanReader() func(b []byte) (s span, used bool) {
	le := binary.LittleEndian
	state, start, pages := r.l["mspan.state"], r.l["mspan.startAddr"], r.l["mspan.npages"]
	elem, count, alloc := r.l["mspan.elemsize"], r.l["mspan.nelems"], r.l["mspan.allocCount"]
	class, large := r.l["mspan.spanclass"], r.l["mspan.largeType"]
	return func(b []byte) (span, bool) {
		if b[state] != inUse {
			return span{}, false
		}
		s := span{
			addr: le.Uint64(b[start:]), size: le.Uint64(b[pages:]) << pageShift, elem: le.Uint64(b[elem:]),
			n: uint32(le.Uint16(b[count:])), alloc: uint32(le.Uint16(b[alloc:])), mem: -1,
		}
		if b[class]>>1 == 0 {
			s.large = le.Uint64(b[large:])
		}
		if b[class]&1 == 0 {
			s.mem = 0
		}
		return s, true
	}
}

// sane tells whether the figures can be a span's.
func (s *span) sane() bool {
	const largestSpan = 1 << 37
	return s.addr != 0 && s.addr%(1<<pageShift) == 0 && s.addr < 1<<48 &&
		s.size > 0 && s.size < largestSpan && s.n > 0 &&
		s.elem >= 8 && s.elem%8 == 0 && s.elem <= s.size && uint64(s.n) <= s.size/s.elem && s.alloc <= s.n &&
		(s.n == 1 || s.elem <= largestSmall)
}
