package report

import (
	"fmt"
	"strings"
	"time"
)

// Alarm is a moment near the memory limit, and what the largest process of the target was
// made of then, in bytes. A heap profile of the same moment is among Heaps, by its Why.
type Alarm struct {
	At         time.Duration
	Requests   uint64
	Why        string // "92% of the limit"
	WorkingSet uint64 // of the sample that gave the alarm
	WhyNot     string // why what follows is missing; empty if it is there

	Command      string    // the process, as the kernel names it
	RSS          uint64    // resident
	PSS          uint64    // resident, what is shared by n processes counts for one n-th
	Anon         uint64    // resident and of no file: heaps and stacks
	File         uint64    // resident and of a file
	Shmem        uint64    // resident and shared, of no file on disk
	Swap         uint64    // swapped out
	PrivateDirty uint64    // resident, written to and not shared: what its end would free for certain
	Largest      []Mapping // by what they hold in memory and swap, at most ten
}

// Mapping is all mappings of one name in a process, in bytes.
type Mapping struct {
	Name         string // a file, "[heap]", "[anon: Go: heap]" where the kernel knows of names; "(unnamed)"
	Count        int
	RSS          uint64
	Anon         uint64
	PrivateDirty uint64
	Swap         uint64
}

// InWords is "shop 62.1 MiB resident (anon 58.0, file 4.1, shmem 0.0, swap 0.0 MiB), most in
// [anon: Go: heap] 55.9 MiB"; empty where nothing could be read.
func (a Alarm) InWords() string {
	if a.WhyNot != "" || a.RSS+a.Swap == 0 {
		return ""
	}
	s := fmt.Sprintf("%s %s resident (anon %s, file %s, shmem %s, swap %s MiB)", a.Command, MiB(a.RSS),
		mebibytes(float64(a.Anon)), mebibytes(float64(a.File)), mebibytes(float64(a.Shmem)), mebibytes(float64(a.Swap)))
	if len(a.Largest) > 0 {
		s += fmt.Sprintf(", most in %s %s", a.Largest[0].Name, MiB(a.Largest[0].RSS+a.Largest[0].Swap))
	}
	return strings.TrimSpace(s)
}

// alarmRow is an alarm or a mapping in a table.
type alarmRow struct {
	At, Why string
	Sizes   []string
}

// alarmRows is the alarms, and what the last one knows of mappings.
func (r *Record) alarmRows() (alarms, mappings []alarmRow, missing string) {
	var last *Alarm
	for i := range r.Alarms {
		a := &r.Alarms[i]
		row := alarmRow{At: clock(a.At), Why: a.Why}
		if a.WhyNot != "" {
			missing = a.WhyNot
			row.Sizes = append(mebibyteCells(a.WorkingSet), "–", "–", "–", "–", "–", "–", "–")
		} else {
			last = a
			row.Sizes = mebibyteCells(a.WorkingSet, a.RSS, a.PSS, a.Anon, a.File, a.Shmem, a.Swap, a.PrivateDirty)
		}
		alarms = append(alarms, row)
	}
	if last != nil {
		for _, m := range last.Largest {
			mappings = append(mappings, alarmRow{At: Count(uint64(m.Count)), Why: m.Name, Sizes: mebibyteCells(m.RSS, m.Anon, m.PrivateDirty, m.Swap)})
		}
	}
	return alarms, mappings, missing
}

func mebibyteCells(bytes ...uint64) (text []string) {
	for _, b := range bytes {
		text = append(text, mebibytes(float64(b)))
	}
	return text
}
