// Command server is a target for tests: it holds memory, makes children and ends, as
// it is asked to.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

var (
	held [][]byte
	open []*os.File
)

func number(r *http.Request) int {
	n, _ := strconv.Atoi(r.URL.Query().Get("n"))
	return n
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "sleep" {
		time.Sleep(time.Hour)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, os.Args[1:], os.Getenv("NAME")) })
	http.HandleFunc("/mib", func(_ http.ResponseWriter, r *http.Request) {
		b := make([]byte, number(r)<<20)
		for i := range b {
			b[i] = 1
		}
		held = append(held, b)
	})
	http.HandleFunc("/open", func(_ http.ResponseWriter, r *http.Request) {
		for range number(r) {
			f, _ := os.Open(os.DevNull)
			open = append(open, f)
		}
	})
	http.HandleFunc("/exit", func(_ http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(os.Stderr, "told to end")
		os.Exit(number(r))
	})
	http.HandleFunc("/children", func(w http.ResponseWriter, _ *http.Request) {
		for _, setsid := range []bool{false, true} { // one stays in the process group, one leaves it
			cmd := exec.Command(os.Args[0], "sleep")
			cmd.Stdout = os.Stdout
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: setsid}
			if err := cmd.Start(); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			fmt.Fprintln(w, cmd.Process.Pid)
		}
	})
	fmt.Println("listening")
	err := http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil)
	_, _ = io.WriteString(os.Stderr, err.Error())
}
