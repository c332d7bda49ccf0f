package memtest

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
func neverReady(s Scenario, began time.Time, err error) (*report.Record, error) {
	exit, ok := errors.AsType[Exit](err)
	if !ok {
		return nil, fmt.Errorf("start target: %w", err)
	}
	r := &report.Record{Schema: report.Schema, Name: s.Name, Started: began, Env: hostEnv(target.Env{}, "")}
	f := died(exit, r, "", 0, time.Since(began))
	f.Remedy = exitRemedy(exit)
	r.Notes = append(r.Notes, f)
	r.Mask(secretsOf(s, nil)...)
	return r, nil
}

// watch waits for the target to end by itself, and then ends the run, unless the target
// is started again.
func (m *measurement) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	for {
		select {
		case exit := <-m.target.Exited:
			m.mu.Lock()
			exit = withWitness(exit, m.record.Samples)
			m.record.Notes = append(m.record.Notes, died(exit, m.record, m.phase, m.requests(), time.Since(m.began)))
			m.exits = append(m.exits, exit)
			m.mu.Unlock()
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
	_, ok := errors.AsType[Exit](err)
	return ok
}

// gone is a target whose memory cannot be read any more. The exit watch knows better
// why; only a target without one is noted here.
func (m *measurement) gone() {
	if m.target.Exited != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	at := time.Since(m.began)
	m.record.Notes = append(m.record.Notes, report.Finding{At: at, Kind: report.Exited, Fatal: true,
		Summary: fmt.Sprintf("%q is gone%s", m.scenario.Name, when(m.phase, m.requests(), at)),
		Detail:  fmt.Sprintf(" (%s): its memory cannot be read any more", strings.Join(lastSecond(m.record), ", ")), Remedy: "check that it still runs"})
}

// died returns the finding for a target that ended by itself, in that phase ("" if it never
// was ready) and after so many requests. What to do about it is added in the end, after
// what is found out by then.
func died(exit Exit, r *report.Record, phase string, requests uint64, at time.Duration) report.Finding {
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
		return fmt.Sprintf(" at %s, before it was ready", clock(at))
	}
	return fmt.Sprintf(" at %s in the %s phase after %s requests", clock(at), phase, words.Count(requests))
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
func withWitness(exit Exit, s profile.Series) Exit {
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

// lastWords adds to the findings that the target ended what is known of the time before,
// and what to do.
func (m *measurement) lastWords() {
	i := 0
	for n := range m.record.Notes {
		f := &m.record.Notes[n]
		if (f.Kind != report.OOMKilled && f.Kind != report.Exited) || i == len(m.exits) {
			continue
		}
		if growth := growthBefore(m.record); growth != "" && i == len(m.exits)-1 {
			f.Detail += "; growth before: " + growth
		}
		if f == m.oomKill() {
			f.Detail += m.beforeTheKill(f.At)
		}
		f.Remedy = exitRemedy(m.exits[i])
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
func (m *measurement) beforeTheKill(at time.Duration) (said string) {
	const shown = 5
	if s := m.record.Samples; len(s) > 1 {
		s = s[max(0, len(s)-shown):]
		sets := make([]string, len(s))
		for i := range s {
			sets[i] = words.MiB(s[i].WorkingSet)
		}
		said = fmt.Sprintf("; working set in the last %v: %s", (at - s[0].At).Round(10*time.Millisecond), strings.Join(sets, ", "))
	}
	for _, a := range slices.Backward(m.record.Alarms) {
		if process := tell.Alarm(a); process != "" {
			said += fmt.Sprintf("; process from %v before: %s", (at - a.At).Round(10*time.Millisecond), process)
			break
		}
	}
	if n := len(m.record.HeapProfiles); n > 0 && len(m.record.Sites) > 0 {
		said += fmt.Sprintf("; heap profile from %v before: %s", (at - m.record.HeapProfiles[n-1].At).Round(10*time.Millisecond), tell.Sites(m.record.Sites, 1)[0])
	}
	return said
}

// aftermath is how long after a target's end the run may learn of it.
const aftermath = 3 * time.Second

// noteLost warns that the target did not answer something.
func (m *measurement) noteLost(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lost = append(m.lost, len(m.record.Notes))
	m.record.Notes = append(m.record.Notes, report.Finding{At: time.Since(m.began), Kind: report.Warning, Summary: text})
}

// dropAftermath takes back the warnings that the target did not answer, where it had
// ended: nothing went on without it.
func (m *measurement) dropAftermath() {
	end := fatal(m.record)
	if end == nil || end.Kind == report.LoadFailed {
		return
	}
	from := end.At - aftermath
	for _, i := range slices.Backward(m.lost) {
		if m.record.Notes[i].At >= from {
			m.record.Notes = slices.Delete(m.record.Notes, i, i+1)
		}
	}
}
