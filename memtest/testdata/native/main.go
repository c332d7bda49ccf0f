// Command native serves a heap profile as gperftools does, with addresses and mappings and
// no names, in which its function leak retains 4 KiB with each request.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"runtime"
	"sync/atomic"
)

//go:noinline
func leak() uintptr {
	pc, _, _, _ := runtime.Caller(0)
	return pc
}

func main() {
	var requests atomic.Uint64
	http.HandleFunc("/order", func(http.ResponseWriter, *http.Request) { requests.Add(1) })
	http.HandleFunc("/pprof/heap", func(w http.ResponseWriter, _ *http.Request) {
		n := requests.Load() + 1
		maps, err := os.ReadFile("/proc/self/maps")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "heap profile: %d: %d [%d: %d] @ heapprofile\n%d: %d [%d: %d] @ %#x\n\nMAPPED_LIBRARIES:\n%s",
			n, 4096*n, n, 4096*n, n, 4096*n, n, 4096*n, leak(), maps)
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
