package process

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Spec is a child process to start. Exactly one of GoPackage and Command names it.
type Spec struct {
	GoPackage string   // a Go main package ("./cmd/server"), built for this machine
	Command   []string // a program and its arguments
	Args      []string // further arguments
	Dir       string   // the child's working folder, to which GoPackage is relative; default: this process's

	ReadyPath string        // an HTTP path that answers 2xx or 3xx once the target is ready; "": a TCP connection is enough
	ReadyWait time.Duration // how long the target may take to be ready; default 60 s

	PprofPort int    // the port that serves net/http/pprof; 0: the one that is loaded
	PprofPath string // the path under which it does: "/debug/pprof"

	Env map[string]string // added to this process's own; PORT is the port that is loaded

	Memory int64 // hard memory limit in bytes; 0: none. It takes a control group
	Swap   int64 // swap allowed beyond Memory in bytes; 0: none

	Source string // "files", "proc": where memory is read; "" is the best there is
}

// The values of Spec.Source.
const (
	Files = "files" // of the process's own control group
	Proc  = "proc"  // what the system tells of each process
)

const defaultReadyWait = 60 * time.Second

func (s Spec) readyWait() time.Duration {
	if s.ReadyWait == 0 {
		return defaultReadyWait
	}
	return s.ReadyWait
}

// check refuses what cannot be run; it starts nothing.
func (s Spec) check() error {
	switch {
	case s.GoPackage == "" && len(s.Command) == 0:
		return errors.New("start process: no program is named: set a Go package or a command")
	case s.GoPackage != "" && len(s.Command) > 0:
		return fmt.Errorf("start process: Go package %q and command %q are named: keep one of them", s.GoPackage, s.Command[0])
	case s.Memory < 0 || s.Swap < 0:
		return fmt.Errorf("start process: a limit is negative (memory %d B, swap %d B): use 0 for none", s.Memory, s.Swap)
	case s.Swap > 0 && s.Memory == 0:
		return fmt.Errorf("start process: %d B of swap beyond a memory limit that is not set: set the memory limit as well", s.Swap)
	case s.ReadyWait < 0:
		return fmt.Errorf("start process: ready wait of %s: set how long the target may take, or 0 for %s", s.ReadyWait, defaultReadyWait)
	case s.ReadyPath != "" && !strings.HasPrefix(s.ReadyPath, "/"):
		return fmt.Errorf("start process: ready path %q: begin it with /", s.ReadyPath)
	case s.Source != "" && s.Source != Files && s.Source != Proc:
		return fmt.Errorf("start process: memory source %q: write %q, %q or nothing", s.Source, Files, Proc)
	}
	return nil
}

// arguments returns the program and its arguments, with the port filled in.
func (s Spec) arguments(program string, port int) []string {
	all := []string{program}
	if len(s.Command) > 0 {
		all = append([]string(nil), s.Command...)
	}
	all = append(all, s.Args...)
	for i := range all {
		all[i] = strings.ReplaceAll(all[i], "{port}", strconv.Itoa(port))
	}
	return all
}
