package heap

import (
	"errors"
	"fmt"
	"time"

	"github.com/memgate/memgate/internal/holders/freeze"
	"github.com/memgate/memgate/internal/holders/gobin"
)

// Limits of a heap that is read.
type Limits struct {
	Bytes   uint64        // in objects that hold pointers: all that is read
	Objects uint64        // objects of all kinds
	Stop    time.Duration // how long the process may stand
}

// TooLarge says that a heap is above the limits.
type TooLarge struct {
	Bytes, Objects uint64
	Limits         Limits
}

func (e TooLarge) Error() string {
	return fmt.Sprintf("the target's heap has %d MB in objects with pointers and room for %.1f million objects: above the limit of %d MB and %.1f million that are read",
		e.Bytes/1e6, float64(e.Objects)/1e6, e.Limits.Bytes/1e6, float64(e.Limits.Objects)/1e6)
}

// reader is one reading.
type reader struct {
	*memory
	p      *gobin.Program
	l      gobin.Layout
	limits Limits
	places places
	image  *Image
	gs     []goroutine
	stack  []byte
}

// places of the runtime's variables.
type places struct{ mheap, allgs, marked uint64 }

// Read stops the process, reads its heap and lets it go on.
func Read(pid int, p *gobin.Program, limits Limits) (*Image, error) {
	r := &reader{memory: &memory{pid: pid}, p: p, l: p.Layout, limits: limits, image: &Image{}}
	if err := r.locate(); err != nil {
		r.close()
		return nil, err
	}
	// A heap may outgrow the room that was made for it, and the table of its spans is first
	// read while the target goes on changing it.
	const tries = 5
	var err error
	for range tries {
		if err = r.attempt(pid); err == nil {
			return r.image, nil
		}
		if !errors.Is(err, errOutgrown) && !errors.Is(err, errNoSpans) {
			break
		}
	}
	r.image.Free()
	r.close()
	return nil, err
}

var errOutgrown = errors.New("the target's heap grows faster than it can be read: read it when the load has stopped")

// attempt makes room, stops the process, reads, and lets it go on.
func (r *reader) attempt(pid int) error {
	room, err := r.measure()
	if err != nil {
		return err
	}
	if r.image.arena != nil {
		r.image.arena.free()
	}
	if r.image.arena, err = newArena(room); err != nil {
		return err
	}
	stopped, err := freeze.Stop(pid, r.limits.Stop)
	if err != nil {
		return err
	}
	err = r.whileStopped(stopped.Threads)
	took, releaseErr := stopped.Release()
	if releaseErr != nil {
		return releaseErr
	}
	if err != nil {
		return err
	}
	r.image.Stopped, r.image.Read = took, r.n
	return r.finish(stopped.Threads)
}

// measure returns the room that the heap takes, with some to grow.
func (r *reader) measure() (uint64, error) {
	spans, need, err := r.spanTable()
	if err != nil {
		return 0, err
	}
	objects := objectsIn(spans)
	if need > r.limits.Bytes || objects > r.limits.Objects {
		return 0, TooLarge{need, objects, r.limits}
	}
	return need + need/8 + 1<<20, nil
}

func objectsIn(spans []span) (n uint64) {
	for _, s := range spans {
		n += uint64(s.n)
	}
	return n
}

// whileStopped reads all that must be of one moment.
func (r *reader) whileStopped(threads []freeze.Thread) error {
	spans, need, err := r.spanTable()
	if err != nil {
		return err
	}
	if need > uint64(len(r.image.arena.bytes)) || objectsIn(spans) > r.limits.Objects {
		return errOutgrown
	}
	r.image.spans = spans
	if err := r.read(r.heapParts()...); err != nil {
		return err
	}
	if err := r.readGlobals(); err != nil {
		return err
	}
	r.image.Collected = r.places.marked != 0
	r.image.Marked = r.word(r.places.marked)
	return r.readGoroutines(threads)
}

// heapParts returns the spans with pointers; those that lie side by side are one.
func (r *reader) heapParts() []part {
	var parts []part
	var end uint64
	for _, s := range r.image.spans {
		if s.mem < 0 {
			continue
		}
		to := r.image.arena.bytes[s.mem : s.mem+int64(s.size)]
		if n := len(parts); n > 0 && s.addr == end {
			parts[n-1].to = parts[n-1].to[:len(parts[n-1].to)+len(to)]
		} else {
			parts = append(parts, part{s.addr, to})
		}
		end = s.addr + s.size
	}
	return parts
}

func (r *reader) readGlobals() error {
	for i, g := range r.p.Variables() {
		if g.To < g.From || g.To-g.From > r.limits.Bytes {
			return fmt.Errorf("the target's %s has %d MB: above the limit of %d MB that are read", g.Name, (g.To-g.From)/1e6, r.limits.Bytes/1e6)
		}
		from, size := g.From, g.To-g.From
		s := Segment{Addr: from, Data: make([]byte, size)}
		bits := r.word(g.Mask) & 0x7fffffff
		if bits == 0 || bits > size/8+64 {
			return fmt.Errorf("the collector's map of %s is not where it was looked for", g.Name)
		}
		s.mask = make([]byte, bits/8+1)
		if err := r.read(part{from, s.Data}, part{r.word(g.Mask + 8), s.mask[:(bits+7)/8]}); err != nil {
			return err
		}
		r.image.Globals[i] = s
	}
	return nil
}

// finish makes of what was read an image.
func (r *reader) finish(threads []freeze.Thread) error {
	m := r.image
	for _, s := range m.spans {
		m.Allocated += uint64(s.alloc) * s.elem
	}
	inline, err := learnInline(m.spans)
	if err != nil {
		return err
	}
	m.inline, m.live = inline, r.memory
	m.index()
	for _, t := range threads {
		m.Registers = append(m.Registers, t.Registers...)
	}
	return r.finishGoroutines()
}

// learnInline finds out where the pointer bits of small objects lie: from the spans
// themselves, since a wrong belief gives a heap that looks right and is not.
func learnInline(spans []span) (bool, error) {
	roomy, tight := false, false
	for _, s := range spans {
		if s.mem < 0 || s.elem > headerless || s.elem < smallest {
			continue
		}
		free := int64(s.size) - int64(uint64(s.n)*s.elem) - int64(s.size/64)
		switch {
		case free < inlineMarks:
			tight = true
		case s.elem == smallest:
			roomy = true
		}
	}
	if roomy == tight {
		return false, errors.New("where the target's allocator keeps its pointer maps could not be learned from its spans")
	}
	return roomy, nil
}
