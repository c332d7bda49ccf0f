// Package heap reads the memory of a Go process from outside: its objects, goroutines
// and global variables, as they were at one moment.
//
// Spans without pointers are never read. They hold most of a program's strings and
// bodies, and lead nowhere. What is read stays in memory that no other process can
// see, is overwritten when it is let go, and is never written anywhere.
package heap

import (
	"encoding/binary"
	"time"
)

// Image is a heap as it was while the process stood still. Objects are numbered from 0.
type Image struct {
	Goroutines []Goroutine
	Globals    [2]Segment // .data and .bss
	Registers  []uint64   // of all threads

	GoroutineList uint64 // address of the runtime's own list of goroutines

	Allocated uint64        // bytes in objects, as the spans count them: garbage that no collection has met is in it
	Marked    uint64        // bytes that the last collection found live
	Collected bool          // Marked is known: 0 means that there was no collection
	Stacks    uint64        // bytes of the goroutines' stacks
	Read      uint64        // bytes read
	Stopped   time.Duration // how long the process stood

	spans  []span // by address
	arena  *arena
	tables []*[pagesPerTable]int32 // from address to span
	low    uint64                  // where tables begin
	spanAt []int32                 // from object to span: a place to start
	inline bool                    // mark bits lie in spans of small objects (Go 1.26)
	live   live
}

// live reads the process as it is now.
type live interface {
	word(addr uint64) uint64 // 0 if the process is no more
	close()
}

// span is a run of pages with objects of one size.
type span struct {
	addr, size uint64
	elem       uint64
	n          uint32
	magic      uint32 // a division by elem, as the runtime does it
	first      int32  // number of its first object
	alloc      uint32 // objects in use
	large      uint64 // type of the only object, where it is larger than 32 KiB
	mem        int64  // offset in the arena; -1 if it has no pointers
}

// Goroutine with what its stack points to.
type Goroutine struct {
	Addr    uint64
	ID      uint64
	Creator string // function that started it
	Wait    string // what it waits for: "chan receive"
	Stack   uint64 // bytes
	Frames  []Frame
}

// Frame is a function's part of a stack.
type Frame struct {
	Function string
	Words    []Word // those that look like pointers to the heap
}

// Word is a pointer, and the word before it: together they may be an interface.
type Word struct{ Before, Value uint64 }

// Segment is a part of the program's global variables.
type Segment struct {
	Addr uint64
	Data []byte
	mask []byte // a bit for each word, set where a pointer may be
}

// Pointers calls f for every word of the segment that may be a pointer.
func (s *Segment) Pointers(f func(addr, value uint64)) {
	for i := 0; i+8 <= len(s.Data); i += 8 {
		if k := i / 8; k/8 < len(s.mask) && s.mask[k/8]>>(k%8)&1 == 1 {
			f(s.Addr+uint64(i), binary.LittleEndian.Uint64(s.Data[i:]))
		}
	}
}

// Scalar tells whether the word at an address is in the segment and no pointer.
func (s *Segment) Scalar(a uint64) bool {
	k := (a - s.Addr) / 8
	return a >= s.Addr && k/8 < uint64(len(s.mask)) && s.mask[k/8]>>(k%8)&1 == 0
}

// Word returns the word at an address of the segment; 0 if it is not in it.
func (s *Segment) Word(a uint64) uint64 {
	if a < s.Addr || a-s.Addr+8 > uint64(len(s.Data)) {
		return 0
	}
	return binary.LittleEndian.Uint64(s.Data[a-s.Addr:])
}

const (
	pageShift     = 13
	tableShift    = 26 // an arena of the runtime's
	pagesPerTable = 1 << (tableShift - pageShift)
	blockShift    = 6 // objects per entry of spanAt
	smallest      = 16
	headerless    = 512      // bytes of the largest object whose pointers a bitmap tells
	largestSmall  = 32 << 10 // bytes of the largest object that shares a span
	inlineMarks   = 128      // bytes
)

// index makes the tables from addresses and numbers to spans.
func (m *Image) index() {
	last := m.spans[len(m.spans)-1]
	m.low = m.spans[0].addr >> tableShift
	m.tables = make([]*[pagesPerTable]int32, (last.addr+last.size)>>tableShift-m.low+1)
	n := int32(0)
	for i := range m.spans {
		s := &m.spans[i]
		s.first = n
		n += int32(s.n)
		if s.n > 1 {
			s.magic = ^uint32(0)/uint32(s.elem) + 1
		}
		for a := s.addr; a < s.addr+s.size; a += 1 << pageShift {
			t := &m.tables[a>>tableShift-m.low]
			if *t == nil {
				*t = new([pagesPerTable]int32)
			}
			(*t)[a>>pageShift%pagesPerTable] = int32(i) + 1
		}
	}
	m.spanAt = make([]int32, n>>blockShift+1)
	at := int32(0)
	for b := range m.spanAt {
		for m.spans[at].first+int32(m.spans[at].n) <= int32(b)<<blockShift && at+1 < int32(len(m.spans)) {
			at++
		}
		m.spanAt[b] = at
	}
}

// Len returns the number of objects, those that are not in use included.
func (m *Image) Len() int {
	last := m.spans[len(m.spans)-1]
	return int(last.first) + int(last.n)
}

// Find returns the object that an address lies in; -1 if in none.
func (m *Image) Find(a uint64) int32 {
	k := a>>tableShift - m.low
	if k >= uint64(len(m.tables)) || m.tables[k] == nil {
		return -1
	}
	i := m.tables[k][a>>pageShift%pagesPerTable] - 1
	if i < 0 {
		return -1
	}
	s := &m.spans[i]
	n := uint32((a - s.addr) * uint64(s.magic) >> 32)
	if n >= s.n {
		return -1
	}
	return s.first + int32(n)
}

func (m *Image) spanOf(id int32) *span {
	i := m.spanAt[id>>blockShift]
	for m.spans[i].first+int32(m.spans[i].n) <= id {
		i++
	}
	return &m.spans[i]
}

// Object returns where an object begins and the bytes that it takes.
func (m *Image) Object(id int32) (addr, size uint64) {
	s := m.spanOf(id)
	return s.addr + uint64(id-s.first)*s.elem, s.elem
}

// Word returns a word of an object; 0 if the object has no pointers.
func (m *Image) Word(id int32, off uint64) uint64 {
	s := m.spanOf(id)
	if s.mem < 0 || off+8 > s.elem {
		return 0
	}
	return binary.LittleEndian.Uint64(m.arena.bytes[s.mem+int64(uint64(id-s.first)*s.elem+off):])
}

// Scalar tells whether a word of an object is known to be no pointer.
func (m *Image) Scalar(id int32, off uint64) bool {
	s := m.spanOf(id)
	if s.mem < 0 || s.elem > headerless || off+8 > s.elem {
		return false
	}
	k := (uint64(id-s.first)*s.elem + off) / 8
	return m.arena.bytes[s.mem+int64(m.bitmap(s)+k/8)]>>(k%8)&1 == 0
}

// Live reads a word of the process as it is now: for what does not change.
func (m *Image) Live(a uint64) uint64 { return m.live.word(a) }

// TypeWord returns the address of the type that the allocator noted beside an object, and
// how far into the object the value begins; 0 if it noted none.
func (m *Image) TypeWord(id int32) (word, at uint64) {
	s := m.spanOf(id)
	switch {
	case s.large != 0:
		return s.large, 0
	case s.mem < 0 || s.elem <= headerless || s.elem > largestSmall:
		return 0, 0
	}
	return m.Word(id, 0), 8
}

// Edge is a pointer to an object.
type Edge struct {
	Offset uint32 // in the object that holds it
	To     int32
}

// Edges appends the pointers that an object holds.
func (m *Image) Edges(id int32, to []Edge) []Edge {
	s := m.spanOf(id)
	if s.mem < 0 {
		return to
	}
	from := uint64(id-s.first) * s.elem
	words := m.arena.bytes[s.mem+int64(from):][:s.elem]
	if s.elem > headerless {
		for i := 0; i+8 <= len(words); i += 8 {
			if t := m.Find(binary.LittleEndian.Uint64(words[i:])); t >= 0 {
				to = append(to, Edge{uint32(i), t})
			}
		}
		return to
	}
	bits := m.arena.bytes[s.mem+int64(m.bitmap(s)):]
	for i := 0; i+8 <= len(words); i += 8 {
		if k := from/8 + uint64(i/8); bits[k/8]>>(k%8)&1 == 0 {
			continue
		}
		if t := m.Find(binary.LittleEndian.Uint64(words[i:])); t >= 0 {
			to = append(to, Edge{uint32(i), t})
		}
	}
	return to
}

// bitmap returns where in a span of small objects the bits lie that tell pointers.
func (m *Image) bitmap(s *span) uint64 {
	at := s.size - s.size/64
	if m.inline && s.elem >= smallest {
		at -= inlineMarks
	}
	return at
}

// Free overwrites what was read and gives it back.
func (m *Image) Free() {
	if m.arena != nil {
		m.arena.free()
	}
	for i := range m.Globals {
		clear(m.Globals[i].Data)
	}
	m.Goroutines = nil
	if m.live != nil {
		m.live.close()
	}
}
