package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/internal/words"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

// neverReady makes a record of a target that ended before it was ready; any other
// reason is an error.
func neverReady(p Plan, began time.Time, err error) (*report.Record, error) {
	exit, ok := errors.AsType[target.Exit](err)
	if !ok {
		return nil, fmt.Errorf("start target: %w", err)
	}
	r := p.record(began, hostEnv(target.Env{}, ""))
	f := died(exit, r, "", 0, time.Since(began))
	f.Remedy = exitRemedy(exit)
	r.Notes = append(r.Notes, f)
	r.Mask(p.Secrets(nil)...)
	return r, nil
}

// watcher waits for the target to end by itself.
type watcher struct {
	journal *journal
	target  *target.Instance
}

// wait ends the run when the target has ended, unless that is started again.
func (w watcher) wait(ctx context.Context, cancel context.CancelCauseFunc) {
	for {
		select {
		case exit := <-w.target.Exited:
			w.journal.exit(exit)
			if !exit.Revived {
				cancel(exit)
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func asExit(err error) bool {
	_, ok := errors.AsType[target.Exit](err)
	return ok
}

// died returns the finding for a target that ended by itself, in that phase ("" if it never
// was ready) and after so many requests. What to do about it is added in the end, after
// what is found out by then.
func died(exit target.Exit, r *report.Record, phase string, requests uint64, at time.Duration) report.Finding {
	f := report.Finding{At: at, Kind: report.Exited, Fatal: true, Logs: exit.Logs}
	if exit.OOMKilled {
		f.Kind = report.OOMKilled
	}
	f.Summary = fmt.Sprintf("%q %s%s", r.Name, exit.Verb(), when(phase, requests, at))
	known := exit.Known()
	if last := lastSecond(r); len(last) > 0 {
		known = append(known, strings.Join(last, ", "))
	}
	if exit.Revived {
		known = append(known, "started again by its restart policy")
	}
	if len(known) > 0 {
		f.Detail = " (" + strings.Join(known, "; ") + ")"
	}
	return f
}

// when returns " at 01:43 in the load phase after 20,600 requests".
func when(phase string, requests uint64, at time.Duration) string {
	if phase == "" {
		return fmt.Sprintf(" at %s, before it was ready", words.Clock(at))
	}
	return fmt.Sprintf(" at %s in the %s phase after %s requests", words.Clock(at), phase, words.Count(requests))
}

// lastSecond returns the most memory that was seen in the last second beside its limit. The
// last sample alone may be one of a control group whose processes are gone.
func lastSecond(r *report.Record) (said []string) {
	n := len(r.Samples)
	if n == 0 {
		return nil
	}
	last := &r.Samples[n-1]
	var most uint64
	known := false
	for i := n - 1; i >= 0 && last.At-r.Samples[i].At <= time.Second; i-- {
		if set, ok := r.Samples[i].Value(profile.WorkingSet); ok {
			most, known = max(most, set), true
		}
	}
	if limit, ok := last.Value(profile.Limit); ok && limit > 0 {
		said = append(said, "limit "+words.MiB(limit))
	}
	if known {
		said = append(said, fmt.Sprintf("working set up to %s in the last second", words.MiB(most)))
	}
	return said
}

// withWitness adds the kernel's own count of OOM kills to what the engine says.
func withWitness(exit target.Exit, s profile.Series) target.Exit {
	if exit.OOMKilled || len(s) == 0 {
		return exit
	}
	before, _ := s[0].Value(profile.OOMKills)
	after, ok := s[len(s)-1].Value(profile.OOMKills)
	if ok && after > before {
		exit.OOMKilled, exit.Witness = true, fmt.Sprintf("oom_kill %d → %d", before, after)
	}
	return exit
}

// explainExits adds to the findings that the target ended what is known of the time before,
// and what to do.
func (j *journal) explainExits(r *report.Record) {
	i := 0
	for n := range r.Notes {
		f := &r.Notes[n]
		if (f.Kind != report.OOMKilled && f.Kind != report.Exited) || i == len(j.exits) {
			continue
		}
		if growth := growthBefore(r); growth != "" && i == len(j.exits)-1 {
			f.Detail += "; growth before: " + growth
		}
		if f == oomKill(r) {
			f.Detail += beforeTheKill(r, f.At)
		}
		f.Remedy = exitRemedy(j.exits[i])
		i++
	}
}

// growthBefore returns what memory grew by until the run was cut short, where that is certain.
// It is no verdict.
func growthBefore(r *report.Record) string {
	e := r.Evidence()
	e.Broken = nil
	if t := leak.Detect(e); t.PerRequest.Interval() && t.PerRequest.Lo > 0 {
		return words.SignedBytes(t.PerRequest.Value) + "/request"
	}
	return ""
}

// beforeTheKill returns the last samples, what the process was made of at the last alarm, and
// what held most in the last heap profile.
func beforeTheKill(r *report.Record, at time.Duration) (said string) {
	const shown = 5
	if s := r.Samples; len(s) > 1 {
		s = s[max(0, len(s)-shown):]
		sets := make([]string, len(s))
		for i := range s {
			sets[i] = words.MiB(s[i].WorkingSet)
		}
		said = fmt.Sprintf("; working set in the last %v: %s", (at - s[0].At).Round(10*time.Millisecond), strings.Join(sets, ", "))
	}
	for _, a := range slices.Backward(r.Alarms) {
		if process := tell.Alarm(a); process != "" {
			said += fmt.Sprintf("; process from %v before: %s", (at - a.At).Round(10*time.Millisecond), process)
			break
		}
	}
	if n := len(r.HeapProfiles); n > 0 && len(r.Sites) > 0 {
		said += fmt.Sprintf("; heap profile from %v before: %s", (at - r.HeapProfiles[n-1].At).Round(10*time.Millisecond), tell.Sites(r.Sites, 1)[0])
	}
	return said
}

// aftermath is how long after a target's end the run may learn of it.
const aftermath = 3 * time.Second

// dropAftermath takes back the warnings that the target did not answer, where it had
// ended: nothing went on without it.
func (j *journal) dropAftermath(r *report.Record) {
	end, ended := r.Fatal()
	if !ended || end.Kind == report.LoadFailed {
		return
	}
	from := end.At - aftermath
	for _, i := range slices.Backward(j.lost) {
		if r.Notes[i].At >= from {
			r.Notes = slices.Delete(r.Notes, i, i+1)
		}
	}
}

// exitRemedy returns what to do about a target that ended by itself.
func exitRemedy(e target.Exit) string {
	switch {
	case e.OOMKilled:
		return "raise its memory limit (MemoryLimit) if it needs that much, else see in the report what grew"
	case e.Code == target.Killed:
		return "find out who killed it: docker events, the kernel's log, another test"
	case e.Code < 0:
		return "leave the container alone while the run lasts"
	case e.Code == 129, e.Code == 130, e.Code == 143:
		return "somebody stopped it: let no other test do that, and no docker stop"
	case e.Logs == "":
		return "it wrote no log: run it by hand to see why"
	case e.Code == 0:
		return "a target serves until it is stopped: its last log lines may say why this one ended"
	default:
		return "its last log lines may say why"
	}
}
