package leak

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/profile"
)

// sound checks what must hold of a Trend whatever the evidence was.
func sound(t *testing.T, e Evidence) Trend {
	t.Helper()
	got := Detect(e)
	text, err := json.Marshal(got) // fails on what is not a number
	require.NoError(t, err)
	again, err := json.Marshal(Detect(e))
	require.NoError(t, err)
	require.Equal(t, string(text), string(again), "the same evidence gives another trend")
	if got.Verdict == Inconclusive {
		require.NotEmpty(t, got.Reason)
		require.NotEmpty(t, got.Remedy)
	} else {
		require.Empty(t, got.Reason)
		require.NotEmpty(t, got.Signal)
		require.NotEmpty(t, got.Shape, "%v", got)
	}
	require.GreaterOrEqual(t, got.More, time.Duration(0))
	if got.Verdict == Steady {
		require.Positive(t, got.Bound)
	}
	return got
}

// FuzzDetect makes evidence of arbitrary numbers: eight bytes each, four to a row that
// is a sample, a threshold and a poll at once.
func FuzzDetect(f *testing.F) {
	var growing, flat []byte
	for i := range uint64(40) {
		for _, v := range []uint64{i * 1e9, i * 200, 10<<20 + i<<18, i} {
			growing = binary.LittleEndian.AppendUint64(growing, v)
		}
		for _, v := range []uint64{i * 1e9, i * 200, 10 << 20, i} {
			flat = binary.LittleEndian.AppendUint64(flat, v)
		}
	}
	f.Add(growing, uint8(7), 0.0, 0.0)
	f.Add(flat, uint8(1), 200.0, 0.0)
	f.Add(flat, uint8(2), 0.0, 25.0)
	f.Add(flat, uint8(4), math.NaN(), math.Inf(1))
	f.Add([]byte{}, uint8(7), 0.0, 0.0)
	f.Fuzz(func(t *testing.T, data []byte, series uint8, planned, allowed float64) {
		e := Evidence{Planned: planned, Allowed: allowed}
		for ; len(data) >= 32; data = data[32:] {
			at := time.Duration(binary.LittleEndian.Uint64(data))
			requests, size := binary.LittleEndian.Uint64(data[8:]), binary.LittleEndian.Uint64(data[16:])
			count := binary.LittleEndian.Uint64(data[24:])
			if series&1 != 0 {
				e.Samples = append(e.Samples, profile.Sample{At: at, Requests: requests, Memory: profile.Memory{
					Usage: size, WorkingSet: size, Anon: size, Missing: profile.FieldSet(series >> 3)}})
			}
			if series&2 != 0 {
				e.LiveHeaps = append(e.LiveHeaps, profile.LiveHeap{At: at, Requests: requests, HeapAlloc: size, HeapObjects: count, Sys: size, NumGC: count})
			}
			if series&4 != 0 {
				e.Polls = append(e.Polls, Poll{At: at, Requests: requests, HeapLive: size, Sys: size, NumGC: count, Goroutines: count})
			}
		}
		sound(t, e)
	})
}

// TestBadEvidence has one kind of evidence for each way to be unfit for a verdict.
func TestBadEvidence(t *testing.T) {
	series := func(change func(i int, s *profile.Sample)) profile.Series {
		all := make(profile.Series, 120)
		for i := range all {
			all[i] = profile.Sample{At: time.Duration(i) * time.Second / 2, Requests: uint64(i * 100), Memory: profile.Memory{
				Usage: 64 << 20, WorkingSet: 64 << 20, Anon: 60 << 20}}
			change(i, &all[i])
		}
		return all
	}
	same := func(int, *profile.Sample) {}
	for _, test := range []struct {
		name     string
		evidence Evidence
		reason   string
	}{
		{"nothing", Evidence{}, "too few samples"},
		{"one sample", Evidence{Samples: series(same)[:1]}, "too few samples"},
		{"time backwards", Evidence{Samples: series(func(i int, s *profile.Sample) {
			if i == 60 {
				s.At = 0
			}
		})}, "time runs backwards"},
		{"one moment", Evidence{Samples: series(func(_ int, s *profile.Sample) { s.At = 0 })}, "the same moment"},
		{"no requests", Evidence{Samples: series(func(_ int, s *profile.Sample) { s.Requests = 5 })}, "no requests were completed"},
		{"counter reset", Evidence{Samples: series(func(i int, s *profile.Sample) { s.Requests = uint64(i%100) * 100 })}, "requests runs backwards"},
		{"OOM kill", Evidence{Samples: series(func(i int, s *profile.Sample) { s.OOMKills = uint64(i / 100) })}, "OOM-killed"},
		{"restart", Evidence{Samples: series(same), LiveHeaps: []profile.LiveHeap{{NumGC: 9}, {At: time.Second, NumGC: 2}}}, "restarted"},
		{"gap", Evidence{Samples: append(series(same)[:40], series(same)[80:]...)}, "no samples from 19.5s to 40s"},
		{"pause", Evidence{Samples: series(func(i int, s *profile.Sample) {
			if i > 60 {
				s.Requests = uint64(max(60, i-20) * 100)
			}
		})}, "no request was completed from 30s to 35.5s"},
		{"half delivered", Evidence{Samples: series(same), Planned: 400}, "50% of the planned load"},
		{"interrupted", Evidence{Samples: series(same), Broken: []string{"the container was paused"}}, "the container was paused"},
		{"plan that is no number", Evidence{Samples: series(same), Planned: math.NaN()}, "must be numbers"},
		{"negative allowance", Evidence{Samples: series(same), Allowed: -1}, "must be numbers"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := sound(t, test.evidence)
			assert.Equal(t, Inconclusive, got.Verdict)
			assert.Contains(t, got.Reason, test.reason)
		})
	}
}

// TestExtremes has evidence that is odd and yet fit for a verdict.
func TestExtremes(t *testing.T) {
	constant := make(profile.Series, 100)
	huge := make(profile.Series, 100)
	for i := range constant {
		constant[i] = profile.Sample{At: time.Duration(i) * time.Second, Requests: uint64(i), Memory: profile.Memory{Usage: 1 << 20, WorkingSet: 1 << 20}}
		huge[i] = profile.Sample{At: time.Duration(i) * time.Second, Requests: uint64(i) * 1e12, Memory: profile.Memory{Usage: 1e12, WorkingSet: 1e12}}
	}
	assert.Equal(t, Steady, sound(t, Evidence{Samples: constant}).Verdict)
	assert.Equal(t, Steady, sound(t, Evidence{Samples: huge}).Verdict)
	got := sound(t, Evidence{Samples: profile.Series{}, LiveHeaps: heapsGrowing(30, 1e12)})
	assert.Equal(t, Leaking, got.Verdict, "live heaps alone are enough: %s", got.Reason)
	assert.InEpsilon(t, 1e12, got.PerRequest.Value, 1e-6)
}

func TestReadTraceRefuses(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", "no header"},
		{"no time", "reqs,usage\n1,2\n", `no column "t_ms"`},
		{"no requests", "t_ms,usage\n1,2\n", `no column "reqs"`},
		{"column twice", "t_ms,reqs,usage,usage\n", "twice"},
		{"short row", "t_ms,reqs,usage\n1,2\n", "line 2"},
		{"word", "t_ms,reqs,usage\n1,2,many\n", `line 2: usage is "many"`},
		{"not a number", "t_ms,reqs,usage\n1,2,NaN\n", "must be a number"},
		{"negative", "t_ms,reqs,usage\n1,2,-3\n", "must be a number"},
		{"infinite", "t_ms,reqs,usage\n1,2,1e999\n", "must be a number"},
		{"time not sampled", "t_ms,reqs,usage\n,2,3\n", "no t_ms"},
		{"time too large", "t_ms,reqs\n9000000000000000,2\n", "milliseconds"},
		{"open quote", "t_ms,reqs\n\"1,2\n", "line 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := ReadTrace(strings.NewReader(test.text))
			require.Error(t, err)
			assert.Contains(t, err.Error(), "read trace")
			assert.Contains(t, err.Error(), test.want)
		})
	}
}

func TestReadTraceLeavesOutWhatWasNotSampled(t *testing.T) {
	e, err := ReadTrace(strings.NewReader("t_ms,reqs,usage,rss,forced_gc_heap,heap_live,nonsense\n0,0,10,,,,x\n1000,,20,5,7,,\n2000,200,30,6,,8,\n"))
	require.NoError(t, err)
	require.Len(t, e.Samples, 3)
	_, ok := e.Samples[0].Value(profile.Anon)
	assert.False(t, ok, "an empty cell is not 0")
	_, ok = e.Samples[1].Value(profile.WorkingSet)
	assert.False(t, ok, "the working set is not known without inactive_file")
	assert.Equal(t, uint64(100), e.Samples[1].Requests, "requests that were not sampled lie on a line")
	assert.Equal(t, []profile.LiveHeap{{At: time.Second, Requests: 100, HeapAlloc: 7}}, e.LiveHeaps)
	assert.Equal(t, []Poll{{At: 2 * time.Second, Requests: 200, HeapLive: 8}}, e.Polls)
}

func FuzzReadTrace(f *testing.F) {
	f.Add("t_ms,reqs,usage,inactive_file,active_file,rss\n0,0,1,0,0,1\n100,20,1e12,0,0,1\n")
	f.Add("t_ms,reqs,forced_gc_heap,heap_objects_count\n0,,5,\n1000,20,,7\n")
	f.Add("t_ms,reqs,heap_live,gc_cycles,stacks,runtime_total,released\n5,1,2,3,4,5,6\n6,1,2,99999999,4,5,6\n")
	f.Add("t_ms,reqs\r\n\"1\",2\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ReadTrace(strings.NewReader(text))
		if err == nil {
			sound(t, e)
		}
	})
}
