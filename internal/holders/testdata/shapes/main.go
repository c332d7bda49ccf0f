// Shapes is a server that leaks in one of nine ways, or not at all: SHAPE says which.
// Each request to /x leaks a little over a kilobyte. It listens on ADDR, or
// on the loopback port PORT.
package main

import (
	"container/list"
	"context"
	"io"
	"log"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

type entry struct {
	Path string
	Body []byte
	At   time.Time
}

type session struct {
	user string
	data []byte
}

// server is reachable from the mux alone.
type server struct {
	mu       sync.Mutex
	sessions map[string]*session
}

func (s *server) handle(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := strconv.Itoa(len(s.sessions))
	s.sessions[id] = &session{user: id, data: body()}
}

// lru holds the same elements by a map and by a list.
type lru struct {
	list *list.List
	keys map[string]*list.Element
}

type job struct {
	path string
	buf  []byte
}

var (
	history    []entry
	cache      sync.Map
	store      = &lru{list: list.New(), keys: map[string]*list.Element{}}
	queue      = make(chan *entry, 1<<17)
	rootCtx, _ = context.WithCancel(context.Background())
	secrets    = map[string]*http.Request{}

	mu    sync.Mutex
	count atomic.Int64
)

func main() {
	http.HandleFunc("/x", handlers()[os.Getenv("SHAPE")])
	http.HandleFunc("/fill", fill)
	addr := os.Getenv("ADDR")
	if addr == "" {
		addr = "127.0.0.1:" + os.Getenv("PORT")
	}
	log.Fatal(http.ListenAndServe(addr, nil))
}

func body() []byte { return make([]byte, 1000) }

func next() string { return strconv.FormatInt(count.Add(1), 10) }

func handlers() map[string]http.HandlerFunc {
	srv := &server{sessions: map[string]*session{}}
	seen := map[string][]byte{}
	return map[string]http.HandlerFunc{
		"healthy": func(w http.ResponseWriter, r *http.Request) { w.Write(body()) },
		"slice": func(w http.ResponseWriter, r *http.Request) {
			locked(func() { history = append(history, entry{r.URL.Path, body(), time.Now()}) })
		},
		"goroutine": func(w http.ResponseWriter, r *http.Request) {
			go worker(&job{r.URL.Path, body()}, make(chan bool))
		},
		"server":  srv.handle,
		"syncmap": func(w http.ResponseWriter, r *http.Request) { cache.Store(next(), &session{r.URL.Path, body()}) },
		"closure": func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			seen[next()] = body()
		},
		"lru": func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			k := next()
			store.keys[k] = store.list.PushFront(&entry{k, body(), time.Now()})
		},
		"chan": func(w http.ResponseWriter, r *http.Request) { queue <- &entry{r.URL.Path, body(), time.Now()} },
		"ctx":  neverCancelled,
		"timer": func(w http.ResponseWriter, r *http.Request) {
			b := body()
			time.AfterFunc(time.Hour, func() { log.Print(len(b)) })
		},
		"secret":  keepSecret,
		"threads": endThreads,
	}
}

func locked(f func()) {
	mu.Lock()
	defer mu.Unlock()
	f()
}

//go:noinline
func worker(j *job, done chan bool) {
	<-done // nobody ever closes it
	log.Print(j.path, len(j.buf))
}

// endThreads makes threads that end: a locked goroutine takes its own with it.
func endThreads(w http.ResponseWriter, r *http.Request) {
	for range 4 {
		go runtime.LockOSThread()
	}
	w.Write(body())
}

type requestKey struct{}

func neverCancelled(w http.ResponseWriter, r *http.Request) {
	ctx, _ := context.WithCancel(rootCtx)
	ctx = context.WithValue(ctx, requestKey{}, body())
	_, _ = context.WithCancel(ctx)
}

// keepSecret keeps what the request's X-Secret header says, and its body, in every way
// there is; its cookie is kept with the request.
func keepSecret(w http.ResponseWriter, r *http.Request) {
	s := r.Header.Get("X-Secret") + next()
	b, _ := io.ReadAll(r.Body)
	mu.Lock()
	defer mu.Unlock()
	secrets[s] = r
	history = append(history, entry{s, append(b, s...), time.Now()})
	go worker(&job{s, []byte(s)}, make(chan bool))
}

// node is an object of 64 bytes with two pointers.
type node struct {
	left, right *node
	_           [6]uint64
}

var (
	nodes   []*node
	buffers [][]byte
)

// fill makes a heap: /fill?nodes=100000&buffers=1000.
func fill(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.FormValue("nodes"))
	for range n {
		fresh := &node{}
		if len(nodes) > 1 {
			fresh.left, fresh.right = nodes[len(nodes)/2], nodes[len(nodes)-1]
		}
		nodes = append(nodes, fresh)
	}
	n, _ = strconv.Atoi(r.FormValue("buffers"))
	for range n {
		buffers = append(buffers, make([]byte, 8<<10))
	}
	runtime.GC()
}
