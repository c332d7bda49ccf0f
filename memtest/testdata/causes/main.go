// Command causes is a target that uses memory of any kind, as it is asked to.
package main

import (
	"bytes"
	"cmp"
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"time"
)

var (
	mu   sync.Mutex
	heap [][]byte
	made int // files
)

const piece = 256 << 10 // bytes that a request leaves behind

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// spike holds so many MiB for so many ms, and gives them back to the system.
func spike(mib, ms int) {
	began := time.Now()
	b, err := syscall.Mmap(-1, 0, mib<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	check(err)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	time.Sleep(time.Duration(ms)*time.Millisecond - time.Since(began))
	check(syscall.Munmap(b))
}

// read reads a file anew, which leaves it in the page cache.
func read() {
	made++
	name := fmt.Sprintf("/tmp/file-%d", made)
	check(os.WriteFile(name, make([]byte, piece), 0o600))
	_, err := os.ReadFile(name)
	check(err)
}

// write writes a file that only memory backs.
func write() {
	made++
	check(os.WriteFile(fmt.Sprintf("/dev/shm/file-%d", made), make([]byte, piece), 0o600))
}

// hoard opens sockets and leaves what is sent in them unread.
func hoard() {
	for sent := 0; sent < piece; {
		pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
		check(err)
		n, err := syscall.Write(pair[0], make([]byte, piece/2))
		check(err)
		sent += n
	}
}

func keep() { heap = append(heap, bytes.Repeat([]byte{1}, piece)) }

func main() {
	debug.SetGCPercent(50)
	check(os.MkdirAll("/tmp", 0o777)) // an image from scratch has none
	for path, use := range map[string]func(){"/cache": read, "/tmpfs": write, "/sockets": hoard, "/heap": keep} {
		http.HandleFunc(path, func(http.ResponseWriter, *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			use()
		})
	}
	http.HandleFunc("/spike", func(_ http.ResponseWriter, r *http.Request) {
		mib, _ := strconv.Atoi(r.URL.Query().Get("mib"))
		ms, _ := strconv.Atoi(r.URL.Query().Get("ms"))
		spike(mib, ms)
	})
	http.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	log.Fatal(http.ListenAndServe(":"+cmp.Or(os.Getenv("PORT"), "8080"), nil))
}
