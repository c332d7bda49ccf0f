package memtest_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/faketarget"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/memtest/target"
	"github.com/memgate/memgate/report"
	"github.com/memgate/memgate/report/page"
)

// Every death says when it was, in which phase, after how many requests, how, with how
// much memory, and what to do.
func TestMeasureOfATargetThatDies(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		exit target.Exit
		at   uint64 // requests
		kind report.Kind
		want string
	}{
		{"crashes", target.Exit{Code: 2, Logs: "panic: boom"}, 1510, report.Exited,
			`"fake" exited with code 2 at 00:15 in the load phase after 1,510 requests (limit 32.0 MiB, working set up to 25.0 MiB in the last second): its last log lines may say why`},
		{"crashes without a word", target.Exit{Code: 139}, 1510, report.Exited,
			`"fake" exited with code 139 at 00:15 in the load phase after 1,510 requests (SIGSEGV; limit 32.0 MiB, working set up to 25.0 MiB in the last second): it wrote no log: run it by hand to see why`},
		{"is done", target.Exit{Logs: "bye"}, 1510, report.Exited, "a target serves until it is stopped: its last log lines may say why this one ended"},
		{"is stopped", target.Exit{Code: 143}, 1510, report.Exited, "working set up to 25.0 MiB in the last second): somebody stopped it"},
		{"is removed", target.Exit{Code: -1, Witness: "somebody removed the container"}, 1510, report.Exited,
			`"fake" is gone at 00:15 in the load phase after 1,510 requests (somebody removed the container; limit 32.0 MiB, working set up to 25.0 MiB in the last second): leave the container alone`},
		{"is killed", target.Exit{Code: 137}, 1510, report.Exited,
			`"fake" was killed at 00:15 in the load phase after 1,510 requests (exit code 137, SIGKILL; no witness of an OOM kill; limit 32.0 MiB, working set up to 25.0 MiB in the last second): find out who killed it`},
		{"is OOM-killed", target.Exit{Code: 137, OOMKilled: true, Witness: "inspect"}, 1510, report.OOMKilled,
			`"fake" was OOM-killed at 00:15 in the load phase after 1,510 requests (exit code 137; witness: inspect; limit 32.0 MiB, working set up to 25.0 MiB in the last second); working set in the last `},
		{"is OOM-killed while warming up", target.Exit{Code: 137, OOMKilled: true, Witness: "inspect"}, 510, report.OOMKilled, "at 00:05 in the warm-up phase after 510 requests"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := measured(t, &faketarget.Target{DiesAfter: tc.at, Exit: tc.exit, Limit: 32 << 20})
			require.Len(t, r.Notes, 1)
			assert.Equal(t, tc.kind, r.Notes[0].Kind)
			assert.True(t, r.Notes[0].Fatal)
			assert.Contains(t, lastAnswers.ReplaceAllString(r.Notes[0].Text(), "${1}10 requests"), tc.want)
			assert.Equal(t, tc.exit.Logs, r.Notes[0].Logs)
			assert.Less(t, r.Samples[len(r.Samples)-1].At, 16*time.Second, "the run ends with its target")
			if tc.exit.OOMKilled {
				assert.Regexp(t, `: raise its memory limit \(MemoryLimit\) .*what grew$`, r.Notes[0].Text(), "the remedy stands last")
			}
		})
	}
}

// lastAnswers are requests that end while their target does: one more or less is counted.
var lastAnswers = regexp.MustCompile(`(1,5|5)(09|11) requests`)

// What a target that was killed had grown by is in the message.
func TestMeasureTellsOfTheGrowthBeforeTheEnd(t *testing.T) {
	t.Parallel()
	r := measured(t, &faketarget.Target{Retains: 10_000, DiesAfter: 5000, Exit: target.Exit{Code: 2, Logs: "out of handles"}})
	require.Len(t, r.Notes, 1)
	assert.Regexp(t, `; growth before: \+(9.8 KiB|9,9\d\d B|10,0\d\d B)/request: its last log lines may say why$`, r.Notes[0].Text())
	r = measured(t, &faketarget.Target{DiesAfter: 5000, Exit: target.Exit{Code: 2}})
	assert.NotContains(t, r.Notes[0].Text(), "growth before", "nothing grew")
}

// A target's last words are told once, by Run, and the judges refer to it.
func TestJudgesDoNotRepeatTheLastWords(t *testing.T) {
	t.Parallel()
	r := measured(t, &faketarget.Target{DiesAfter: 1510, Exit: target.Exit{Code: 2, Logs: "panic: boom"}})
	short := `"fake" exited with code 2 at 00:15 in the load phase after 1,5`
	err := memtest.CheckLeak(r)
	require.ErrorContains(t, err, `no leak statement is possible for "fake": `+short)
	assert.ErrorContains(t, err, "requests; the run's failure and its report say more")
	assert.NotContains(t, err.Error(), "boom")
	checks, err := memtest.Budget{Peak: "1GiB", Average: "1MiB"}.Check(r)
	require.ErrorContains(t, err, "cannot be kept by a run that was cut short: "+short)
	assert.NotContains(t, err.Error(), "boom")

	require.Len(t, checks, 2)
	assert.Equal(t, "–", checks[0].Mark(), "what was kept until then is no success")
	assert.Contains(t, checks[0].Got, ", until the run was cut short at 00:15")
	assert.Equal(t, "✗", checks[1].Mark(), "what was broken by then is broken")
	r.Checks = checks
	assert.NotContains(t, text(t, r), "✓")
}

// A target that is dead answers nothing, and no run goes on without it.
func TestMeasureDoesNotWarnOfADeadTarget(t *testing.T) {
	t.Parallel()
	r := measured(t, &faketarget.Target{DiesAfter: 2000, SeenLate: 2500 * time.Millisecond, Exit: target.Exit{Code: 2}})
	require.Len(t, r.Notes, 1, "%v", r.Notes)
	assert.Equal(t, report.Exited, r.Notes[0].Kind)

	r = measured(t, &faketarget.Target{DiesAfter: 2000, HeapErr: errors.New("404"), Exit: target.Exit{Code: 2}})
	require.Len(t, r.Notes, 2, "what was wrong long before stays")
	assert.Equal(t, "the run goes on without heap profiles: 404", r.Notes[0].Text())
}

// A control group whose processes are gone is sampled once more, as next to nothing.
func TestDeathTellsOfTheMemoryBefore(t *testing.T) {
	t.Parallel()
	r := measured(t, &faketarget.Target{DiesAfter: 1510, Emptied: true, SeenLate: 500 * time.Millisecond, Exit: target.Exit{Code: 1}})
	require.Less(t, r.Samples[len(r.Samples)-1].WorkingSet, uint64(1<<20))
	assert.Contains(t, r.Notes[0].Text(), "working set up to 25.0 MiB in the last second")
}

func text(t *testing.T, r *report.Record) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, page.Text(&b, r))
	return b.String()
}

func TestMeasureOfATargetThatNeverGetsReady(t *testing.T) {
	r, err := memtest.Measure(t.Context(), scenario(&faketarget.Target{StartErr: target.Exit{Code: 3, Logs: "no config"}}))
	require.NoError(t, err)
	require.Len(t, r.Notes, 1)
	assert.Contains(t, r.Notes[0].Text(), `"fake" exited with code 3 at 00:00, before it was ready: its last log lines may say why`)
	assert.Equal(t, "no config", r.Notes[0].Logs)

	refused := errors.New("no engine")
	r, err = memtest.Measure(t.Context(), scenario(&faketarget.Target{StartErr: refused}))
	require.ErrorIs(t, err, refused)
	assert.Nil(t, r)
}

// A profile near the limit is all that is left of a target that was killed.
func TestMeasureHoldsAProfileFromBeforeTheKill(t *testing.T) {
	t.Parallel()
	killed := target.Exit{Code: 137, OOMKilled: true, Witness: "inspect"}
	for name, tc := range map[string]struct {
		retains, dies uint64
	}{
		"in the load":    {10_000, 3900},
		"in the warm-up": {50_000, 780},
	} {
		t.Run(name, func(t *testing.T) {
			r := measured(t, &faketarget.Target{Retains: tc.retains, Limit: 64 << 20, DiesAfter: tc.dies, Exit: killed})
			require.NotEmpty(t, r.Notes)
			died := r.Notes[len(r.Notes)-1]
			require.Equal(t, report.OOMKilled, died.Kind)
			last := r.HeapProfiles[len(r.HeapProfiles)-1]
			assert.Regexp(t, `^9\d% of the limit`, last.Why)
			assert.Less(t, last.At, died.At)
			assert.Less(t, died.At-last.At, 3*time.Second)
			require.NotEmpty(t, r.Sites)
			assert.Equal(t, "main.leak", r.Sites[0].Func)
			assert.Contains(t, died.Text(), "; working set in the last ")
			require.NotEmpty(t, r.Alarms)
			assert.Equal(t, last.Why, r.Alarms[len(r.Alarms)-1].Why)
			assert.Regexp(t, `; process from .*s before: fake 5\d\.\d MiB resident \(anon 5.*most in \[heap\] 5`, died.Text())
			assert.Regexp(t, `; heap profile from .*s before: .*main.leak  leak.go:42`, died.Text())
		})
	}
}
