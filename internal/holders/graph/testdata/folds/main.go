// Folds holds one of everything that is folded, in numbers that a test knows, says so
// and waits for the end of its input.
package main

import (
	"container/list"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

type item struct {
	name string
	next *item
}

type shower interface{ show() string }

func (i *item) show() string { return i.name }

type value struct{ a, b *item }

func (v value) show() string { return v.a.name }

type pair[K, V any] struct {
	key *K
	val *V
}

type owner struct {
	mu    sync.Mutex
	items map[string]*item
	inner struct{ list []*item }
}

type contextKey struct{}

var (
	smallMap  = map[string]*item{}
	largeMap  = map[int]*item{}
	plainMap  = map[int]int{}
	structMap = map[string]value{}
	nestedMap = map[int]map[int]*item{}
	keyMap    = map[*item]bool{}

	pointers []*item
	values   []value
	numbers  []int
	strings  []string
	grid     [][]*item
	array    [7]*item

	boxed    []shower
	anything []any
	chain    *item
	generic  []*pair[item, string]
	single   = &owner{items: map[string]*item{}}
	queue    = make(chan *item, 300)
	closures []func() string
	syncMap  sync.Map
	elements = list.New()
	tree     *node
	ctx      context.Context
	cancel   context.CancelFunc
	parked   = make(chan bool)
	timers   []*time.Timer
)

type node struct{ left, right *node }

func newItem(i int) *item { return &item{name: "item number " + strconv.Itoa(i)} }

func main() {
	maps()
	slices()
	others()
	for range 60 {
		go park(newItem(1))
	}
	time.Sleep(50 * time.Millisecond)
	runtime.GC()
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	runtime.KeepAlive(cancel)
}

func maps() {
	for i := range 5 {
		smallMap[strconv.Itoa(i)] = newItem(i)
	}
	for i := range 3000 {
		largeMap[i], plainMap[i] = newItem(i), i
		structMap[strconv.Itoa(i)] = value{newItem(i), newItem(i)}
		keyMap[newItem(i)] = true
		syncMap.Store(i, newItem(i))
	}
	for i := range 40 {
		nestedMap[i] = map[int]*item{}
		for j := range 50 {
			nestedMap[i][j] = newItem(j)
		}
	}
}

func slices() {
	for i := range 1000 {
		pointers, numbers = append(pointers, newItem(i)), append(numbers, i)
		values = append(values, value{newItem(i), newItem(i)})
		strings = append(strings, "a string of some length, number "+strconv.Itoa(i))
		boxed = append(boxed, newItem(i), value{newItem(i), nil})
		anything = append(anything, newItem(i), i+1000)
		single.inner.list = append(single.inner.list, newItem(i))
		s := "text " + strconv.Itoa(i)
		generic = append(generic, &pair[item, string]{newItem(i), &s})
	}
	for range 30 {
		grid = append(grid, []*item{newItem(1), newItem(2)})
	}
	for i := range array {
		array[i] = newItem(i)
	}
}

func others() {
	for i := range 200 {
		chain = &item{name: "link", next: chain}
		single.items[strconv.Itoa(i)] = newItem(i)
		queue <- newItem(i)
		it := newItem(i)
		closures = append(closures, func() string { return it.name })
		elements.PushBack(newItem(i))
		timers = append(timers, time.AfterFunc(time.Hour, func() { it.name = "late" }))
		tree = &node{tree, &node{}}
	}
	ctx, cancel = context.WithCancel(context.Background())
	for range 150 {
		child, stop := context.WithCancel(context.WithValue(ctx, contextKey{}, newItem(1)))
		_, _ = child, stop
	}
}

//go:noinline
func park(i *item) {
	<-parked
	fmt.Println(i.name)
}
