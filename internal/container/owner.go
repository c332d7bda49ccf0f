package container

import (
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// label is on everything of ours, with all that there is to say in its value: the
// engine's builder takes a step, and up to a second, for every label.
const label = "dev.memgate.owner"

// owner is a process that started containers. A PID alone is reused; with the start
// time, the boot and the PID namespace it names one process for good.
type owner struct {
	Run   string
	PID   int
	Start string // clock ticks since the boot; "" where there is no /proc
	Boot  string
	PIDNS string
}

// self is this process. Where there is no /proc (macOS, Windows) most of it is
// empty, and such an owner is never taken for dead.
var self = sync.OnceValue(func() owner {
	o := owner{Run: rand.Text(), PID: os.Getpid()}
	if boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		o.Boot = strings.TrimSpace(string(boot))
	}
	if ns, err := os.Readlink("/proc/self/ns/pid"); err == nil {
		o.PIDNS = ns
	}
	o.Start, _ = startOf("self")
	return o
})

// labels of an item of this owner: what one Start makes.
func (o owner) labels(item string) map[string]string {
	return map[string]string{label: fmt.Sprintf("run=%s item=%s pid=%d pid-start=%s boot=%s pidns=%s started=%s",
		o.Run, item, o.PID, o.Start, o.Boot, o.PIDNS, time.Now().UTC().Format(time.RFC3339))}
}

// ownerOf reads what labels wrote. A PID that is no number is 0, which is nobody's.
func ownerOf(labels map[string]string) (o owner, item string) {
	said := map[string]string{}
	for _, field := range strings.Fields(labels[label]) {
		name, value, _ := strings.Cut(field, "=")
		said[name] = value
	}
	pid, err := strconv.Atoi(said["pid"])
	if err != nil || pid < 0 {
		pid = 0
	}
	return owner{Run: said["run"], PID: pid, Start: said["pid-start"], Boot: said["boot"], PIDNS: said["pidns"]}, said["item"]
}

// dead reports whether o is provably no more: a process of this boot and of this PID
// namespace that is not there, or whose PID another process has now. Of an owner on
// another machine, in another container or before the last boot nothing is known.
func (o owner) dead(here owner, find func(pid int) process) bool {
	if o.PID <= 0 || o.Start == "" || o.Boot == "" || o.PIDNS == "" {
		return false
	}
	if o.Boot != here.Boot || o.PIDNS != here.PIDNS {
		return false
	}
	switch p := find(o.PID); p.state {
	case gone:
		return true
	case running:
		return p.start != o.Start
	default:
		return false
	}
}

// process is what can be seen of a PID.
type process struct {
	state processState
	start string // if it runs
}

type processState int

const (
	unknown processState = iota // it is hidden from us
	running
	gone // there is no such process, or only its exit status is left
)

// tempPrefix begins the name of every temporary folder of ours; the rest says whose
// it is, as the labels do.
const tempPrefix = "memgate-build-"

// tempPattern is for os.MkdirTemp: run, boot, PID namespace, PID and start time.
func (o owner) tempPattern() string {
	return fmt.Sprintf("%s%s_%s_%s_%d_%s_*", tempPrefix, o.Run, o.Boot, strings.Trim(o.PIDNS, "pid:[]"), o.PID, o.Start)
}

// ownerOfTemp reads the name of a temporary folder.
func ownerOfTemp(name string) (owner, bool) {
	rest, ours := strings.CutPrefix(name, tempPrefix)
	parts := strings.Split(rest, "_")
	if !ours || len(parts) != 6 {
		return owner{}, false
	}
	pid, err := strconv.Atoi(parts[3])
	if err != nil {
		return owner{}, false
	}
	o := owner{Run: parts[0], Boot: parts[1], PID: pid, Start: parts[4]}
	if parts[2] != "" {
		o.PIDNS = "pid:[" + parts[2] + "]"
	}
	return o, true
}
