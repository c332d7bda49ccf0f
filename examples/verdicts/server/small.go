//go:build linux

package main

import (
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Services whose memory looks so much like a leak, or so little, that its curve alone may
// not tell which it is.

type visit struct {
	user int64
	body []byte
}

// weight is the bytes of a visit's body: the second argument.
var weight int

func newVisit(user int) *visit { return &visit{int64(user), make([]byte, weight)} }

type session struct {
	id   string
	seen time.Time
	last *visit
}

var (
	visits   []*visit
	seen     = map[string]bool{}
	numbers  = map[int]int64{}
	users    = map[int]*visit{}
	filled   = map[int]*visit{}
	swept    = map[int]*visit{}
	sweptAt  = time.Now()
	sessions = map[string]*session{}
	ring     [512]*visit
	pool     = sync.Pool{New: func() any { return new(visit) }}
	root, _  = context.WithCancel(context.Background())

	clientsMu sync.Mutex
	clients   = map[net.Conn]*visit{}
)

func init() {
	for name, s := range map[string]service{
		// Healthy ones.
		"late-full": {request: func(i int) { lateFull(i) }},
		"users":     {request: func(int) { id := rand.IntN(8000); users[id] = newVisit(id) }},
		"sweep-20s": {request: func(i int) { sweep(i, 20*time.Second) }},
		"sweep-60s": {request: func(i int) { sweep(i, time.Minute) }},
		"sessions": {request: func(i int) {
			expire(15 * time.Second)
			id := strconv.Itoa(i)
			sessions[id] = &session{id, time.Now(), newVisit(i)}
		}},
		"clients":   {request: func(int) {}},
		"ring":      {request: func(i int) { ring[i%len(ring)] = newVisit(i) }},
		"pooled":    {request: func(int) { v := pool.Get().(*visit); churn(8 << 10); pool.Put(v) }},
		"in-flight": {request: func(int) {}, flight: hold},
		// Leaking ones.
		"slow":      {request: func(i int) { visits = append(visits, newVisit(i)) }},
		"quarter":   {request: func(i int) { quarter(i) }},
		"set":       {request: func(i int) { seen["customer "+strconv.Itoa(i)] = true }},
		"numbers":   {request: func(i int) { numbers[i] = int64(i) }},
		"contexts":  {request: func(i int) { neverCancelled(i) }},
		"with-fill": {request: func(i int) { lateFull(i * 5); visits = append(visits, newVisit(i)) }},
	} {
		services[name] = s
	}
}

// lateFull is a cache that has room for 90 % of the run's requests, the warm-up's among
// them.
func lateFull(i int) {
	const room = 17_000
	filled[i%room] = newVisit(i)
}

func sweep(i int, each time.Duration) {
	if time.Since(sweptAt) > each {
		clear(swept)
		sweptAt = time.Now()
	}
	swept[i] = newVisit(i)
}

func expire(after time.Duration) {
	n := 0
	for id, s := range sessions {
		if n++; n > 20 {
			return
		}
		if time.Since(s.seen) > after {
			delete(sessions, id)
		}
	}
}

func quarter(i int) {
	if rand.IntN(4) == 0 {
		visits = append(visits, newVisit(i))
		seen[strconv.Itoa(i)] = true
	}
}

// hold keeps much for a request as long as that is under way, now more, now less.
func hold() {
	b := fill(rand.IntN(1 << 20))
	objects := make([]*visit, rand.IntN(2000))
	for i := range objects {
		objects[i] = newVisit(i)
	}
	time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
	b[0] = 2
}

// neverCancelled leaves a child of root behind with each eighth request.
func neverCancelled(i int) {
	if i%8 == 0 {
		_, cancel := context.WithCancel(root)
		_ = cancel
	}
}

// watched keeps something for each connection, as long as it is open.
func watched(c net.Conn, state http.ConnState) {
	clientsMu.Lock()
	defer clientsMu.Unlock()
	switch state {
	case http.StateNew:
		clients[c] = newVisit(0)
	case http.StateClosed, http.StateHijacked:
		delete(clients, c)
	}
}
