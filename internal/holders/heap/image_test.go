//go:build linux

package heap

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/holders/gobin"
)

// layout is one of a runtime's, as it might be.
var layout = gobin.Layout{
	"mspan": 160, "mspan.startAddr": 24, "mspan.npages": 32, "mspan.nelems": 50, "mspan.allocCount": 96,
	"mspan.spanclass": 98, "mspan.state": 99, "mspan.elemsize": 104, "mspan.largeType": 152,
	"g": 448, "g.stack.lo": 0, "g.stack.hi": 8, "g.sched.sp": 56, "g.sched.pc": 64, "g.sched.bp": 96,
	"g.syscallsp": 104, "g.syscallpc": 112, "g.syscallbp": 120, "g.atomicstatus": 144, "g.goid": 152, "g.gopc": 288, "g.waitreason": 176,
}

// raw is a span as the runtime keeps it.
func raw(addr, pages, elem uint64, n, alloc uint16, noscan bool) []byte {
	b := make([]byte, layout["mspan"])
	le := binary.LittleEndian
	le.PutUint64(b[layout["mspan.startAddr"]:], addr)
	le.PutUint64(b[layout["mspan.npages"]:], pages)
	le.PutUint64(b[layout["mspan.elemsize"]:], elem)
	le.PutUint16(b[layout["mspan.nelems"]:], n)
	le.PutUint16(b[layout["mspan.allocCount"]:], alloc)
	b[layout["mspan.state"]] = inUse
	b[layout["mspan.spanclass"]] = 2
	if noscan {
		b[layout["mspan.spanclass"]] = 3
	}
	return b
}

func TestSpanTable(t *testing.T) {
	const heap = 0xc000000000
	good := raw(heap, 1, 64, 126, 100, false)
	for _, tt := range []struct {
		name  string
		spans [][]byte
		want  int // spans; 0: declined
		need  uint64
	}{
		{"one", [][]byte{good}, 1, 8192},
		{"one of those without pointers takes no room", [][]byte{good, raw(heap+8192, 4, 32768, 1, 1, true)}, 2, 8192},
		{"in any order", [][]byte{raw(heap+8192, 1, 32, 252, 3, false), good}, 2, 16384},
		{"not in use", [][]byte{make([]byte, layout["mspan"])}, 0, 0},
		{"one caught as it is made", [][]byte{good, raw(heap+8192, 1, 0, 0, 0, false)}, 1, 8192},
		{"many that cannot be", [][]byte{good, raw(1, 1, 64, 9, 9, false), raw(2, 1, 64, 9, 9, false), raw(3, 1, 64, 9, 9, false)}, 0, 0},
		{"one upon the other", [][]byte{good, raw(heap, 1, 64, 126, 100, false)}, 0, 0},
		{"larger than any heap", [][]byte{
			raw(1<<36, 1<<23, 1<<36, 1, 1, true), raw(2<<36, 1<<23, 1<<36, 1, 1, true), raw(3<<36, 1<<23, 1<<36, 1, 1, true),
			raw(4<<36, 1<<23, 1<<36, 1, 1, true), raw(5<<36, 1<<23, 1<<36, 1, 1, true),
		}, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var all []byte
			for _, s := range tt.spans {
				all = append(all, s...)
			}
			spans, need, err := (&reader{l: layout}).inUse(all)
			if tt.want == 0 {
				require.ErrorIs(t, err, errNoSpans)
				return
			}
			require.NoError(t, err)
			assert.Len(t, spans, tt.want)
			assert.Equal(t, tt.need, need)
		})
	}
}

func TestSaneSpans(t *testing.T) {
	for name, tt := range map[string]struct {
		addr, pages, elem uint64
		n, alloc          uint16
		sane              bool
	}{
		"small objects":            {8192, 1, 64, 126, 126, true},
		"a large one":              {8192, 100, 100 * 8192, 1, 1, true},
		"no address":               {0, 1, 64, 126, 1, false},
		"not at a page":            {8200, 1, 64, 126, 1, false},
		"outside of memory":        {1 << 48, 1, 64, 126, 1, false},
		"no pages":                 {8192, 0, 64, 126, 1, false},
		"more objects than fit":    {8192, 1, 64, 129, 1, false},
		"more in use than objects": {8192, 1, 64, 126, 127, false},
		"no size":                  {8192, 1, 0, 126, 1, false},
		"an odd size":              {8192, 1, 63, 126, 1, false},
		"several large ones":       {8192, 100, 65536, 2, 1, false},
	} {
		s, used := (&reader{l: layout}).spanReader()(raw(tt.addr, tt.pages, tt.elem, tt.n, tt.alloc, false))
		assert.True(t, used)
		assert.Equal(t, tt.sane, s.sane(), name)
	}
}

func TestWhereMarkBitsLieIsLearned(t *testing.T) {
	for name, tt := range map[string]struct {
		spans  []span
		inline bool
		known  bool
	}{
		"Go 1.26":            {[]span{{size: 8192, elem: 16, n: 496}}, true, true},
		"Go 1.25":            {[]span{{size: 8192, elem: 16, n: 504}}, false, true},
		"both at once":       {[]span{{size: 8192, elem: 16, n: 496}, {size: 8192, elem: 16, n: 504}}, false, false},
		"no span that tells": {[]span{{size: 8192, elem: 1024, n: 8}, {size: 8192, elem: 16, n: 504, mem: -1}}, false, false},
	} {
		inline, err := learnInline(tt.spans)
		assert.Equal(t, tt.known, err == nil, name)
		assert.Equal(t, tt.inline, inline, name)
	}
}

// fake is a heap with a span of 64-byte objects, one without pointers, a large one and a
// gap of 64 MiB before the last.
func fake() *Image {
	const heap = 0xc000000000
	m := &Image{
		arena: &arena{bytes: make([]byte, 8192+16384+8192)},
		spans: []span{
			{addr: heap, size: 8192, elem: 64, n: 124},
			{addr: heap + 8192, size: 8192, elem: 128, n: 64, mem: -1},
			{addr: heap + 16384, size: 16384, elem: 16384, n: 1, mem: 8192, large: 0x500000},
			{addr: heap + 1<<26, size: 8192, elem: 1024, n: 8, mem: 8192 + 16384},
		},
		inline: true,
	}
	m.index()
	return m
}

func TestImage(t *testing.T) {
	const heap = 0xc000000000
	m := fake()
	require.Equal(t, 124+64+1+8, m.Len())
	for id := range int32(m.Len()) {
		addr, size := m.Object(id)
		assert.Equal(t, id, m.Find(addr), "its first byte")
		assert.Equal(t, id, m.Find(addr+size-1), "its last byte")
	}
	for _, a := range []uint64{0, 1, heap - 1, heap + 124*64, heap + 1<<25, heap + 1<<26 + 8192, 1 << 63, ^uint64(0)} {
		assert.Negative(t, m.Find(a), "%#x lies in no object", a)
	}

	word := func(at int, v uint64) { binary.LittleEndian.PutUint64(m.arena.bytes[at:], v) }
	bits := 8192 - 8192/64 - inlineMarks
	word(0, heap+8192)  // object 0: a pointer,
	word(8, heap+16384) // and a number that looks like one
	m.arena.bytes[bits] = 1
	assert.Equal(t, []Edge{{0, 124}}, m.Edges(0, nil))
	assert.False(t, m.Scalar(0, 0))
	assert.True(t, m.Scalar(0, 8))
	assert.Equal(t, uint64(heap+16384), m.Word(0, 8))
	assert.Zero(t, m.Word(0, 64), "not beyond its end")
	assert.Empty(t, m.Edges(124, nil), "it has no pointers")
	assert.Zero(t, m.Word(124, 0))

	typ, at := m.TypeWord(188)
	assert.Equal(t, [2]uint64{0x500000, 0}, [2]uint64{typ, at}, "a large object's span knows its type")
	word(8192+16384, 0x600000)
	typ, at = m.TypeWord(189)
	assert.Equal(t, [2]uint64{0x600000, 8}, [2]uint64{typ, at}, "an object of a kilobyte begins with it")
	typ, _ = m.TypeWord(0)
	assert.Zero(t, typ)

	m.Free()
	assert.Nil(t, m.arena.bytes)
}

// FuzzSpanTable: whatever a target's memory says, a table is declined or can be used.
func FuzzSpanTable(f *testing.F) {
	f.Add(append(raw(0xc000000000, 1, 64, 124, 3, false), raw(0xc000002000, 4, 32768, 1, 1, true)...), uint64(1))
	f.Add(raw(8192, 1<<23, 1<<36, 1, 1, true), uint64(2))
	f.Fuzz(func(_ *testing.T, data []byte, seed uint64) {
		data = data[:len(data)/int(layout["mspan"])*int(layout["mspan"])]
		if len(data) > 1<<16 {
			return
		}
		spans, need, err := (&reader{l: layout}).inUse(data)
		if err != nil || need > 1<<20 {
			return
		}
		m := &Image{spans: spans, arena: &arena{bytes: make([]byte, need)}, inline: seed%2 == 0}
		rng := rand.New(rand.NewPCG(seed, 1))
		for i := range m.arena.bytes {
			m.arena.bytes[i] = byte(rng.Uint32())
		}
		m.index()
		for range 200 {
			m.Find(rng.Uint64() >> rng.IntN(64))
			id := rng.Int32N(int32(m.Len()))
			m.Edges(id, nil)
			m.TypeWord(id)
			m.Scalar(id, uint64(rng.IntN(64))*8)
		}
	})
}

// FuzzGoroutine: a goroutine's structure may say anything.
func FuzzGoroutine(f *testing.F) {
	f.Add(make([]byte, layout["g"]))
	f.Fuzz(func(t *testing.T, data []byte) {
		b := make([]byte, layout["g"])
		copy(b, data)
		g, ok := (&reader{l: layout}).goroutine(0xc000000000, b, nil)
		if ok {
			assert.Less(t, g.high-g.sp, uint64(largestStack))
		}
	})
}
