// Package faketarget is a target in memory, for tests in virtual time: an HTTP server
// on in-memory connections that retains as many bytes per request as it is told to.
package faketarget

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	pprof "github.com/google/pprof/profile"

	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/heap"
)

// Base is the memory of a target that has served nothing yet, in bytes.
const Base = 20 << 20

// Target is a target.Target. Set its fields before it is started; it is started once.
type Target struct {
	Retains   uint64              // bytes and one object that each request leaves behind
	Wavers    uint64              // bytes by which its live heap differs from look to look
	More      uint64              // bytes that it holds besides Base from its start on
	InSteps   uint64              // its profiles show what it retains in steps of so many bytes; 0: exactly
	Parks     bool                // each request leaves a goroutine behind that waits for ever
	StacksErr error               // what its prober answers when asked for goroutines, if anything
	Limit     uint64              // memory limit in bytes that it reports; 0: none
	NoRuntime bool                // it has no prober: not a Go program
	Foreign   bool                // it serves heap profiles, but no Go runtime tells of itself
	HeapErr   error               // what its prober answers, if anything
	Misses    func(look int) bool // at which looks, from 1, its prober answers with HeapErr; nil: at all
	StartErr  error               // what Start answers, if anything
	StopErr   error               // what Stop answers, if anything
	DiesAfter uint64              // requests after which it ends by itself; 0: never
	Exit      target.Exit         // how it ends then
	SeenLate  time.Duration       // how long after its end that is known
	Emptied   bool                // its memory reads as next to nothing once it has ended
	Handler   http.HandlerFunc    // how it answers; default 200
	Vars      []string            // its environment, "NAME=value"

	served  atomic.Uint64
	looks   atomic.Int64
	stopped atomic.Bool
	died    chan target.Exit
	once    sync.Once
	server  *http.Server
	conns   chan net.Conn
	closed  chan struct{}
}

var (
	_ target.Target   = (*Target)(nil)
	_ profile.Sampler = (*Target)(nil)
	_ net.Listener    = (*Target)(nil)
)

// Start begins to serve connections that Dial makes.
func (t *Target) Start(context.Context) (*target.Instance, error) {
	if t.StartErr != nil {
		return nil, t.StartErr
	}
	t.died = make(chan target.Exit, 1)
	t.conns, t.closed = make(chan net.Conn), make(chan struct{})
	t.server = &http.Server{Handler: http.HandlerFunc(t.serve)}
	go func() { _ = t.server.Serve(t) }()
	inst := &target.Instance{
		URL:    "http://fake",
		Memory: t,
		Env:    target.Env{Target: "fake", Limit: t.Limit},
		Source: target.Source{Kind: "memory"},
		Vars:   t.Vars,
		Exited: t.died,
		Mappings: func(context.Context) (profile.Mappings, error) {
			return profile.Mappings{Command: "fake", RSS: t.live(), Anon: t.live(), Largest: []profile.Mapping{{Name: "[heap]", Count: 1, RSS: t.live()}}}, nil
		},
		Stop: t.stop,
	}
	switch {
	case t.Foreign:
		inst.Runtime = foreign{asked{t}}
	case !t.NoRuntime:
		inst.Runtime = goRuntime{asked{t}}
	}
	return inst, nil
}

// Stopped reports whether the target was stopped.
func (t *Target) Stopped() bool { return t.stopped.Load() }

func (t *Target) stop(context.Context) error {
	t.stopped.Store(true)
	return errors.Join(t.server.Close(), t.StopErr)
}

func (t *Target) serve(w http.ResponseWriter, r *http.Request) {
	n := t.served.Add(1)
	if t.Handler != nil {
		t.Handler(w, r)
	}
	if t.DiesAfter > 0 && n == t.DiesAfter {
		time.AfterFunc(t.SeenLate, func() { t.died <- t.Exit })
		go func() { _ = t.server.Close() }()
	}
}

func (t *Target) live() uint64 { return Base + t.More + t.Retains*t.served.Load() }

// Sample implements profile.Sampler.
func (t *Target) Sample(_ context.Context, m *profile.Memory) error {
	ws := t.live() + 5<<20
	if t.Emptied && t.refuses() != nil {
		ws = 4096
	}
	*m = profile.Memory{
		Usage: ws + 1<<20, WorkingSet: ws, Anon: ws, File: 1 << 20, InactiveFile: 1 << 20, Limit: t.Limit,
	}
	return nil
}

// asked is the fake as whoever asks its runtime finds it.
type asked struct{ *Target }

// goRuntime is the fake as a Go program.
type goRuntime struct{ asked }

var (
	_ target.Collector    = goRuntime{}
	_ target.HeapProfiler = goRuntime{}
	_ target.TaskProfiler = goRuntime{}
)

// Info implements target.Runtime.
func (goRuntime) Info() profile.RuntimeInfo { return profile.Go() }

// HeapProfile implements target.HeapProfiler.
func (p goRuntime) HeapProfile(context.Context) (target.HeapProfile, error) {
	raw, err := p.profile()
	return target.HeapProfile{Raw: raw}, err
}

// foreign is the fake as a program in another language, which serves profiles alone.
type foreign struct{ asked }

// Info implements target.Runtime.
func (foreign) Info() profile.RuntimeInfo { return profile.RuntimeInfo{} }

// HeapProfile implements target.HeapProfiler.
func (p foreign) HeapProfile(context.Context) (target.HeapProfile, error) {
	raw, err := p.profile()
	return target.HeapProfile{Raw: raw, Garbage: true}, err
}

// Collect implements target.Collector.
func (p goRuntime) Collect(context.Context) (profile.LiveHeap, error) {
	if err := p.answers(); err != nil {
		return profile.LiveHeap{}, err
	}
	objects := uint64(1000)
	if p.Retains > 0 {
		objects += p.served.Load()
	}
	return profile.LiveHeap{
		Took: time.Millisecond, HeapAlloc: p.live() + p.Wavers*uint64(p.looks.Load()*7%5), HeapObjects: objects,
		StackInuse: 1 << 20, Sys: p.live() + 4<<20, NextGC: 2 * p.live(), NumGC: 10,
	}, nil
}

// answers returns why it does not.
func (p asked) answers() error {
	if err := p.refuses(); err != nil {
		return err
	}
	if look := p.looks.Add(1); p.Misses != nil && !p.Misses(int(look)) {
		return nil
	}
	return p.HeapErr
}

// refuses returns what whoever asks is told once it has ended.
func (t *Target) refuses() error {
	select {
	case <-t.closed:
		return errors.New("connection refused")
	default:
		return nil
	}
}

// profile returns one in which main.leak retains what the target retains.
func (p asked) profile() ([]byte, error) {
	if err := p.answers(); err != nil {
		return nil, err
	}
	leak := &pprof.Function{ID: 1, Name: "main.leak", SystemName: "main.leak", Filename: "/src/leak.go"}
	at := &pprof.Location{ID: 1, Address: 1, Line: []pprof.Line{{Function: leak, Line: 42}}}
	n := p.served.Load()
	retained := p.Retains * n
	if p.InSteps > 0 {
		retained -= retained % p.InSteps
	}
	heap := &pprof.Profile{
		SampleType: []*pprof.ValueType{{Type: "inuse_objects", Unit: "count"}, {Type: "inuse_space", Unit: "bytes"}},
		Sample:     []*pprof.Sample{{Location: []*pprof.Location{at}, Value: []int64{int64(n), int64(retained)}}},
		Function:   []*pprof.Function{leak}, Location: []*pprof.Location{at},
	}
	return written(heap)
}

// Tasks implements target.TaskProfiler: main.wait is where goroutines wait.
func (p goRuntime) Tasks(_ context.Context, whole bool) (heap.GoroutineProfile, error) {
	if p.StacksErr != nil {
		return heap.GoroutineProfile{}, p.StacksErr
	}
	wait := &pprof.Function{ID: 1, Name: "main.wait", SystemName: "main.wait", Filename: "/src/wait.go"}
	at := &pprof.Location{ID: 1, Address: 1, Line: []pprof.Line{{Function: wait, Line: 7}}}
	n := int64(5)
	if p.Parks {
		n += int64(p.served.Load())
	}
	parked := func(kind string) ([]byte, error) {
		return written(&pprof.Profile{
			SampleType: []*pprof.ValueType{{Type: kind, Unit: "count"}},
			Sample:     []*pprof.Sample{{Location: []*pprof.Location{at}, Value: []int64{n}}},
			Function:   []*pprof.Function{wait}, Location: []*pprof.Location{at},
		})
	}
	raw, err := parked("goroutine")
	if err != nil || !whole {
		return heap.GoroutineProfile{Raw: raw}, err
	}
	leaked, err := parked("goroutineleak")
	return heap.GoroutineProfile{Raw: raw, Leaked: leaked}, err
}

func written(p *pprof.Profile) ([]byte, error) {
	var b bytes.Buffer
	err := p.Write(&b)
	return b.Bytes(), err
}

// Dial connects to the target, for load.Plan.
func (t *Target) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case t.conns <- theirs:
		return ours, nil
	case <-t.closed:
		return nil, errors.New("connect to fake target: connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept waits for a connection. With Close and Addr it makes the target a net.Listener
// for its own server.
func (t *Target) Accept() (net.Conn, error) {
	select {
	case c := <-t.conns:
		return c, nil
	case <-t.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and Dial.
func (t *Target) Close() error {
	t.once.Do(func() { close(t.closed) })
	return nil
}

// Addr returns no address.
func (t *Target) Addr() net.Addr { return &net.UnixAddr{Name: "fake", Net: "memory"} }
