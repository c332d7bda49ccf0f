// Package owner says which process made something (a container, a temporary folder, a
// child process), so that what a run leaves behind can be told from what a living one
// uses; and it removes what is this process's own when a signal ends it.
package owner

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Owner is a process that started targets. A PID alone is reused; with the start
// time, the boot and the PID namespace it names one process for good.
type Owner struct {
	Run   string
	PID   int
	Start string // clock ticks since the boot; "" where there is no /proc
	Boot  string
	PIDNS string
}

// Self is this process. Where there is no /proc (macOS, Windows) most of it is
// empty, and such an owner is never taken for dead.
var Self = sync.OnceValue(func() Owner {
	o := Owner{Run: rand.Text(), PID: os.Getpid()}
	if boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		o.Boot = strings.TrimSpace(string(boot))
	}
	if ns, err := os.Readlink("/proc/self/ns/pid"); err == nil {
		o.PIDNS = ns
	}
	o.Start, _ = startOf("self")
	return o
})

// Words name an item of this owner (what one Start makes) in one line.
func (o Owner) Words(item string) string {
	return fmt.Sprintf("run=%s item=%s pid=%d pid-start=%s boot=%s pidns=%s started=%s",
		o.Run, item, o.PID, o.Start, o.Boot, o.PIDNS, time.Now().UTC().Format(time.RFC3339))
}

// Parse reads what Words wrote. A PID that is no number is 0, which is nobody's.
func Parse(words string) (o Owner, item string) {
	said := map[string]string{}
	for _, field := range strings.Fields(words) {
		name, value, _ := strings.Cut(field, "=")
		said[name] = value
	}
	pid, err := strconv.Atoi(said["pid"])
	if err != nil || pid < 0 {
		pid = 0
	}
	return Owner{Run: said["run"], PID: pid, Start: said["pid-start"], Boot: said["boot"], PIDNS: said["pidns"]}, said["item"]
}

// Dead reports whether o is provably no more, as dead says, seen from here.
func (o Owner) Dead() bool { return o.dead(Self(), findProcess) }

// dead reports whether o is provably no more: a process of this boot and of this PID
// namespace that is not there, or whose PID another process has now. Of an owner on
// another machine, in another container or before the last boot nothing is known.
func (o Owner) dead(here Owner, find func(pid int) process) bool {
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

// TempPrefix begins the name of every temporary folder of ours; the rest says whose
// it is, as the labels do.
const TempPrefix = "memgate-build-"

// TempPattern is for os.MkdirTemp: run, boot, PID namespace, PID and start time.
func (o Owner) TempPattern() string {
	return fmt.Sprintf("%s%s_%s_%s_%d_%s_*", TempPrefix, o.Run, o.Boot, strings.Trim(o.PIDNS, "pid:[]"), o.PID, o.Start)
}

// OfTemp returns the owner that the name of a temporary folder tells.
func OfTemp(name string) (Owner, bool) {
	rest, ours := strings.CutPrefix(name, TempPrefix)
	parts := strings.Split(rest, "_")
	if !ours || len(parts) != 6 {
		return Owner{}, false
	}
	pid, err := strconv.Atoi(parts[3])
	if err != nil {
		return Owner{}, false
	}
	o := Owner{Run: parts[0], Boot: parts[1], PID: pid, Start: parts[4]}
	if parts[2] != "" {
		o.PIDNS = "pid:[" + parts[2] + "]"
	}
	return o, true
}

// RemoveTemp removes temporary folders of ours whose owner suits, and reports how
// many. Errors do not matter: somebody else may be removing them too.
func RemoveTemp(in string, suits func(Owner) bool) int {
	found, err := filepath.Glob(filepath.Join(in, TempPrefix+"*"))
	if err != nil {
		return 0
	}
	removed := 0
	for _, path := range found {
		o, ours := OfTemp(filepath.Base(path))
		info, err := os.Lstat(path)
		if !ours || err != nil || !info.IsDir() || !suits(o) {
			continue
		}
		if err := os.RemoveAll(path); err == nil {
			removed++
		}
	}
	return removed
}
