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

// Labels of what is ours.
const (
	labelRun      = "dev.memgate.run"       // random, one per process
	labelItem     = "dev.memgate.item"      // random, one per Start
	labelPID      = "dev.memgate.pid"       // the owner's process
	labelPIDStart = "dev.memgate.pid-start" // when it started, in clock ticks since the boot
	labelBoot     = "dev.memgate.boot"      // the boot it runs in
	labelPIDNS    = "dev.memgate.pidns"     // the PID namespace that its PID belongs to
	labelStarted  = "dev.memgate.started"   // when the item was made, for people
)

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

// labels of an item of this owner.
func (o owner) labels(item string) map[string]string {
	return map[string]string{
		labelRun:      o.Run,
		labelItem:     item,
		labelPID:      strconv.Itoa(o.PID),
		labelPIDStart: o.Start,
		labelBoot:     o.Boot,
		labelPIDNS:    o.PIDNS,
		labelStarted:  time.Now().UTC().Format(time.RFC3339),
	}
}

// ownerOf reads what labels wrote. A PID that is no number is 0, which is nobody's.
func ownerOf(labels map[string]string) owner {
	pid, err := strconv.Atoi(labels[labelPID])
	if err != nil || pid < 0 {
		pid = 0
	}
	return owner{Run: labels[labelRun], PID: pid, Start: labels[labelPIDStart], Boot: labels[labelBoot], PIDNS: labels[labelPIDNS]}
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
