package memtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/memgate/memgate/internal/container"
	"github.com/memgate/memgate/internal/holders"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/report"
)

// Holders says whether a run looks for who holds memory that grew: the variable, the
// field, the goroutines from which it is reachable. For that the heap of a Go target is
// read from outside, twice, while no load runs; the target stands still meanwhile, for
// some milliseconds, and needs neither a change nor symbols.
type Holders int

// The choices. The zero value is HoldersAuto.
const (
	// HoldersAuto looks where it is permitted and the heap is not too large (300 MB in
	// objects with pointers, four million objects); else the report says why not.
	HoldersAuto Holders = iota
	// HoldersOff does not look.
	HoldersOff
	// HoldersRequired makes a run that could not look an error.
	HoldersRequired
)

// heapReader folds the target's heap by path.
type heapReader interface {
	paths(ctx context.Context) (*holders.Paths, error)
	close(ctx context.Context) error
}

// reachable is what a run learns of who holds what.
type reachable struct {
	reader heapReader // nil if there is no way to look
	early  *holders.Paths
	late   *holders.Paths
	before uint64 // requests completed by the early look
	after  uint64
	why    error // why there is no answer
}

var errNoReader = errors.New("only the heap of a Go program in a container can be read from outside")

// reached reads the target's heap. The first failure ends looking for good. It comes right
// after a probe: writing a heap profile takes the target over a megabyte, which a small
// heap's next collection would find live.
func (m *measurement) reached(ctx context.Context, paths **holders.Paths, requests *uint64) {
	r := &m.reach
	if m.scenario.Holders == HoldersOff || r.why != nil || ctx.Err() != nil {
		return
	}
	if m.target.heap == nil {
		r.why = errNoReader
		return
	}
	*requests = m.requests()
	if *paths, r.why = m.target.heap.paths(ctx); r.why != nil {
		*paths = nil
	}
}

// held puts into the record who holds what grew, where something did.
func (m *measurement) held() error {
	r, reach := m.record, &m.reach
	if m.scenario.Holders == HoldersOff {
		return nil
	}
	if reach.why == nil && reach.late == nil {
		reach.why = errors.New("the run ended before the heap could be read a second time")
	}
	switch {
	case reach.why == nil:
	case m.scenario.Holders == HoldersRequired && fatal(r) == nil:
		return fmt.Errorf("find out who holds memory, as Scenario.Holders requires: %w", reach.why)
	default:
		if r.Trend.Verdict != profile.Steady {
			r.HoldersWhyNot = reach.why.Error()
		}
		return nil
	}
	r.HoldersHow = howRead(reach.early, reach.late)
	if r.Trend.Verdict == profile.Steady {
		return nil // a cache that fills grows as well: the verdict says what is a leak
	}
	growth := holders.Grow(reach.early, reach.late, reach.after-reach.before)
	growth.MustExplain(m.heapGrowth())
	if why := outside(r.Trend, growth, reach.after-reach.before); why != "" {
		growth.Holders, growth.WhyNot = nil, why
	}
	r.HoldersWhyNot = growth.WhyNot
	for _, h := range growth.Holders {
		r.Holders = append(r.Holders, holderOf(h))
	}
	return nil
}

// inGoHeap are the figures of a trend that are the Go runtime's own. What they grew by is
// compared with what is reachable at the same two moments (MustExplain): in their slope
// over a load is what its connections take, which are gone by the second.
var inGoHeap = []string{"live heap", "heap objects", "goroutines"}

// outside says that a leak lies outside the Go heap, if what is reachable there accounts
// for less than half of it.
func outside(t profile.Trend, g holders.Growth, requests uint64) string {
	reachable := float64(g.Bytes) / float64(max(requests, 1))
	if t.Verdict != profile.Leaking || slices.Contains(inGoHeap, t.Channel) || reachable >= t.PerRequest.Value/2 {
		return ""
	}
	return fmt.Sprintf("the growth lies outside the Go heap: the %s grows by %s with each request, what is reachable in the Go heap by %s",
		t.Channel, report.Bytes(t.PerRequest.Value), report.Bytes(reachable))
}

// heapGrowth is how much the live heap grew from the early look to the late one, by the
// forced collections just before them; 0 if there were none.
func (m *measurement) heapGrowth() int64 {
	var early, late *profile.Floor
	for i := range m.record.Floors {
		if f := &m.record.Floors[i]; f.Requests <= m.reach.before || early == nil {
			early = f
		}
		late = &m.record.Floors[i]
	}
	if early == nil {
		return 0
	}
	return int64(late.Live()) - int64(early.Live())
}

func howRead(early, late *holders.Paths) string {
	return fmt.Sprintf("read from outside, %s, %s; the target stood for %.1f and %.1f ms",
		late.Version, late.Names, 1e3*early.Stopped.Seconds(), 1e3*late.Stopped.Seconds())
}

func holderOf(h holders.Holder) report.Holder {
	to := report.Holder{
		Name: strings.TrimSpace(string(h.Kind) + " " + h.Name), Type: h.Type, From: h.Root,
		Bytes: h.Bytes, PerRequest: h.PerRequest, Objects: h.Objects, Share: h.Share,
		Elements: h.Elements, Before: h.From, After: h.To, AlsoHeldBy: h.AlsoHeldBy,
	}
	for _, s := range h.Held {
		to.Holds = append(to.Holds, report.Held{Path: s.Path, Type: s.Type, Bytes: s.Bytes, Objects: s.Objects})
	}
	return to
}

// direct reads the heap of a process that this one may look into.
type direct struct{ reader *holders.Reader }

func (d direct) paths(context.Context) (*holders.Paths, error) { return d.reader.Snapshot() }
func (d direct) close(context.Context) error                   { return d.reader.Close() }

// companion reads it from a container beside the target's.
type companion struct{ program *container.Companion }

// readerPackage is what runs there.
const readerPackage = "github.com/memgate/memgate/internal/holders/reader"

func (c companion) paths(ctx context.Context) (*holders.Paths, error) {
	out, err := c.program.Run(ctx)
	if err != nil {
		return nil, err
	}
	return holders.Decode(out)
}

func (c companion) close(ctx context.Context) error { return c.program.Stop(ctx) }

// containerHeap reads a container's heap from this process where that is permitted, and
// else from a container beside the target's.
type containerHeap struct {
	c   *container.Container
	way heapReader
}

func (h *containerHeap) paths(ctx context.Context) (*holders.Paths, error) {
	var err error
	if h.way == nil {
		h.way, err = h.openDirect(ctx)
	}
	if err == nil {
		var p *holders.Paths
		p, err = h.way.paths(ctx)
		if err == nil || !errors.Is(err, fs.ErrPermission) {
			return p, err
		}
	}
	if _, beside := h.way.(companion); beside || !errors.Is(err, fs.ErrPermission) {
		return nil, err
	}
	if err := h.openBeside(ctx, err); err != nil {
		return nil, err
	}
	return h.way.paths(ctx)
}

// openDirect fails with fs.ErrPermission where another way may be open.
func (h *containerHeap) openDirect(ctx context.Context) (heapReader, error) {
	pid, err := h.c.PID(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", fs.ErrPermission, err) // its number means nothing here
	}
	r, err := holders.Open(pid, holders.Limits{})
	if err != nil {
		return nil, err
	}
	return direct{r}, nil
}

func (h *containerHeap) openBeside(ctx context.Context, why error) error {
	program, err := h.c.Companion(ctx, readerPackage)
	if err != nil {
		return fmt.Errorf("this process may not look into the target (%w), and no reader could be put beside it: %w", why, err)
	}
	if h.way != nil {
		_ = h.way.close(ctx)
	}
	h.way = companion{program}
	return nil
}

func (h *containerHeap) close(ctx context.Context) error {
	if h.way == nil {
		return nil
	}
	return h.way.close(ctx)
}
