package heap

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/memgate/memgate/internal/holders/freeze"
)

const (
	mostGoroutines = 1 << 20
	largestStack   = 1 << 30
	mostFrames     = 1000
	statusScan     = 0x1000 // _Gscan, set beside the status
)

// Goroutines in these states have no stack of their own: _Gidle, _Gdead,
// _Gdeadextra.
var stackless = map[uint32]bool{0: true, 6: true, 11: true}

// goroutine as it is read while the process stands still.
type goroutine struct {
	Goroutine
	creator    uint64
	wait       uint64
	status     uint32
	sp, pc, fp uint64
	high       uint64 // the stack's end
	stack      []byte // from sp up
}

// readGoroutines reads all goroutines and the part of their stacks that is in use.
func (r *reader) readGoroutines(threads []freeze.Thread) error {
	n := r.word(r.places.allgs + 8)
	switch {
	case n == 0:
		return errNoGoroutines
	case n > mostGoroutines:
		return fmt.Errorf("the target has %d goroutines: above the limit of %d that are read", n, mostGoroutines)
	}
	r.image.GoroutineList = r.word(r.places.allgs)
	addrs, err := r.words(r.image.GoroutineList, n)
	if err != nil {
		return err
	}
	size := r.l["g"]
	raw := make([]byte, n*size)
	parts := make([]part, n)
	for i, a := range addrs {
		parts[i] = part{a, raw[uint64(i)*size:][:size]}
	}
	if err := r.read(parts...); err != nil {
		return err
	}
	r.gs = r.gs[:0]
	need, first := uint64(0), false
	for i, a := range addrs {
		g, ok := r.goroutine(a, raw[uint64(i)*size:][:size], threads)
		first = first || g.ID == 1
		if ok {
			need += g.high - g.sp
			r.gs = append(r.gs, g)
		}
	}
	if !first {
		return errNoGoroutines
	}
	if need > r.limits.Bytes {
		return fmt.Errorf("the target's goroutines have %d MB on their stacks: above the limit of %d MB that are read", need/1e6, r.limits.Bytes/1e6)
	}
	return r.readStacks(need)
}

var errNoGoroutines = errors.New("goroutine 1 was not found: the target's list of goroutines is not where it was looked for")

// goroutine reads the runtime's structure. It is not ok where it has no stack to read.
func (r *reader) goroutine(addr uint64, b []byte, threads []freeze.Thread) (goroutine, bool) {
	u64 := func(field string) uint64 { return binary.LittleEndian.Uint64(b[r.l[field]:]) }
	g := goroutine{
		Goroutine: Goroutine{Addr: addr, ID: u64("g.goid")},
		creator:   u64("g.gopc"), wait: uint64(b[r.l["g.waitreason"]]),
		status: binary.LittleEndian.Uint32(b[r.l["g.atomicstatus"]:]) &^ statusScan,
		sp:     u64("g.sched.sp"), pc: u64("g.sched.pc"), fp: u64("g.sched.bp"), high: u64("g.stack.hi"),
	}
	low := u64("g.stack.lo")
	g.Stack = g.high - low
	if sp := u64("g.syscallsp"); sp != 0 {
		g.sp, g.pc, g.fp = sp, u64("g.syscallpc"), u64("g.syscallbp")
	}
	for _, t := range threads { // one that runs has noted nothing: its thread knows
		if t.SP >= low && t.SP < g.high {
			g.sp, g.pc, g.fp = t.SP, t.PC, t.FP
		}
	}
	ok := !stackless[g.status] && g.high > low && g.high-low < largestStack && g.sp >= low && g.sp < g.high
	return g, ok
}

func (r *reader) readStacks(need uint64) error {
	r.stack = make([]byte, need)
	free := r.stack
	parts := make([]part, len(r.gs))
	for i := range r.gs {
		g := &r.gs[i]
		n := g.high - g.sp
		g.stack, free = free[:n:n], free[n:]
		parts[i] = part{g.sp, g.stack}
	}
	return r.read(parts...)
}

// waiting is _Gwaiting.
const waiting = 4

// finishGoroutines names what the stacks hold, and overwrites them.
func (r *reader) finishGoroutines() error {
	m := r.image
	m.Goroutines, m.Stacks = nil, 0
	for i := range r.gs {
		g := &r.gs[i]
		g.Creator = r.p.Function(g.creator)
		if g.status == waiting {
			g.Wait = r.p.WaitReason(g.wait)
		}
		g.walk(r)
		m.Stacks += g.Stack
		m.Goroutines = append(m.Goroutines, g.Goroutine)
	}
	clear(r.stack)
	r.stack, r.gs = nil, nil
	return nil
}

// walk follows the frame pointers. The words of a frame are taken as they look: those
// that are pointers to the heap are held, though some may be left from before.
func (g *goroutine) walk(r *reader) {
	le := binary.LittleEndian
	pc, fp, at := g.pc, g.fp, g.sp
	for range mostFrames {
		end := fp
		if fp < at || fp%8 != 0 || fp+16 > g.high {
			end = g.high
		}
		f := Frame{Function: r.p.Function(pc)}
		for a := at; a+8 <= end; a += 8 {
			v := le.Uint64(g.stack[a-g.sp:])
			if r.image.Find(v) < 0 {
				continue
			}
			w := Word{Value: v}
			if a >= g.sp+8 {
				w.Before = le.Uint64(g.stack[a-8-g.sp:])
			}
			f.Words = append(f.Words, w)
		}
		g.Frames = append(g.Frames, f)
		if end == g.high {
			return
		}
		pc, at = le.Uint64(g.stack[fp+8-g.sp:])-1, fp+16
		fp = le.Uint64(g.stack[fp-g.sp:])
	}
}
